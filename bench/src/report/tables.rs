//! The figures as tables: one for each database, a line for each way, a column for each number of rows.

use super::{distinct, number, thousands, title};
use crate::figures::Figure;

pub fn tables(figures: &[Figure]) -> String {
    let databases = distinct(figures.iter().map(|figure| figure.database.as_str()));
    let tables = databases.into_iter().map(|database| {
        let own: Vec<&Figure> = figures.iter().filter(|figure| figure.database == database).collect();
        format!("### {}\n\n{}\n\n{}", title(database), table(&own), forms(&own)).trim_end().to_owned()
    });
    tables.collect::<Vec<_>>().join("\n\n")
}

fn table(figures: &[&Figure]) -> String {
    let sizes = distinct(figures.iter().map(|figure| figure.rows));
    let mut lines = head("way", &sizes);
    let mut notes = Vec::new();
    for way in distinct(figures.iter().map(|figure| figure.way.as_str())) {
        let cells = sizes.iter().map(|&rows| {
            let figure = figures.iter().find(|figure| figure.way == way && figure.rows == rows);
            figure.map_or_else(String::new, |figure| cell(figure, &mut notes))
        });
        let cells: Vec<_> = cells.collect();
        let way = if way == "enmasse" { "**enmasse**" } else { way };
        lines.push(format!("| {way} | {} |", cells.join(" | ")));
    }
    for (place, note) in notes.iter().enumerate() {
        lines.push(format!("{}<sup>{}</sup> {note}", if place == 0 { "\n" } else { "" }, place + 1));
    }
    lines.join("\n")
}

fn head(first: &str, sizes: &[usize]) -> Vec<String> {
    let sizes: Vec<_> = sizes.iter().map(|&rows| format!("{} rows", thousands(rows))).collect();
    vec![format!("| {first} | {} |", sizes.join(" | ")), format!("| --- |{}", " ---: |".repeat(sizes.len()))]
}

/// The median with half the interquartile range, and the multiple of the floor.
fn cell(figure: &Figure, notes: &mut Vec<String>) -> String {
    if let Some(reason) = &figure.stopped {
        return short(reason, notes);
    }
    let (Some(median), Some(low), Some(high)) = (figure.us_per_row, figure.low, figure.high) else {
        return String::new();
    };
    let percent = (high - low) / 2.0 / median * 100.0;
    let spread = if figure.runs > 1 { format!(" ±{percent:.0}%") } else { String::new() };
    let ratio = figure.ratio_to_floor.filter(|_| figure.way != "floor");
    let ratio = ratio.map_or_else(String::new, |ratio| format!(" (×{})", number(ratio)));
    format!("{}{spread}{ratio}", number(median))
}

/// A long reason becomes a footnote.
fn short(reason: &str, notes: &mut Vec<String>) -> String {
    if reason.starts_with("> ") || reason == "not tried" {
        return reason.to_owned();
    }
    if !notes.iter().any(|note| note == reason) {
        notes.push(reason.to_owned());
    }
    let place = notes.iter().position(|note| note == reason).unwrap_or_default();
    format!("failed<sup>{}</sup>", place + 1)
}

/// The forms of the floor, if there are several.
fn forms(figures: &[&Figure]) -> String {
    let floors: Vec<_> = figures.iter().filter(|figure| !figure.forms.is_empty()).collect();
    let forms = distinct(floors.iter().flat_map(|floor| floor.forms.keys()));
    if forms.len() < 2 {
        return String::new();
    }
    let sizes: Vec<_> = floors.iter().map(|floor| floor.rows).collect();
    let mut lines = head("form of the floor", &sizes);
    for form in forms {
        let cells = floors.iter().map(|floor| match floor.forms.get(form) {
            Some(&each) if floor.form.as_ref() == Some(form) => format!("**{}**", number(each)),
            Some(&each) => number(each),
            None => String::new(),
        });
        lines.push(format!("| {form} | {} |", cells.collect::<Vec<_>>().join(" | ")));
    }
    lines.join("\n")
}
