//! The figures of whole commands: a line for each file and way, a column for each database.

use super::{distinct, number, thousands, title};
use crate::figures::Figure;

pub fn table(figures: &[Figure]) -> String {
    let databases = distinct(figures.iter().map(|figure| figure.database.as_str()));
    let titles: Vec<_> = databases.iter().map(|database| title(database)).collect();
    let mut lines = vec![
        format!("| file | way | {} |", titles.join(" | ")),
        format!("| --- | --- |{}", " ---: |".repeat(databases.len())),
    ];
    for (rows, case, way) in distinct(figures.iter().map(|figure| (figure.rows, &figure.case, &figure.way))) {
        let cells = databases.iter().map(|database| {
            let own = |figure: &&Figure| {
                (figure.rows, &figure.case, &figure.way) == (rows, case, way) && figure.database == *database
            };
            figures.iter().find(own).map_or_else(String::new, cell)
        });
        let cells: Vec<_> = cells.collect();
        let file = format!("{} rows, {}", thousands(rows), case.as_deref().unwrap_or_default());
        let way = if way == "enmasse" { "**`enmasse apply`**" } else { way };
        lines.push(format!("| {file} | {way} | {} |", cells.join(" | ")));
    }
    lines.join("\n")
}

/// Seconds with quartiles, and rows per second; for the command also the multiple of the way by hand, and its
/// memory.
fn cell(figure: &Figure) -> String {
    let (Some(median), Some(low), Some(high)) = (figure.us_per_row, figure.low, figure.high) else {
        return String::new();
    };
    let seconds = |us_per_row: f64| number(us_per_row * figure.rows as f64 / 1e6);
    let quartiles = match figure.runs {
        1 => String::new(),
        _ => format!(" ({}–{})", seconds(low), seconds(high)),
    };
    let mut cell = format!(
        "{} s{quartiles}, {} rows/s",
        seconds(median),
        thousands((1e3 / median).round() as usize * 1_000)
    );
    if figure.way == "enmasse" {
        cell += &figure.ratio_to_floor.map_or_else(String::new, |ratio| format!(", **×{ratio:.2}**"));
        let memory = figure.peak_memory.map(|bytes| format!(", {:.0} MB", bytes as f64 / 1e6));
        cell += &memory.unwrap_or_default();
    }
    cell
}
