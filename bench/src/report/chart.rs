//! The chart: microseconds per row by the number of rows for each database, both axes logarithmic.

use std::fmt::Write;

use super::{distinct, thousands, title};
use crate::figures::Figure;

const PANEL: (f64, f64) = (270.0, 330.0);
const LEFT: f64 = 64.0;
const TOP: f64 = 62.0;
const GAP: f64 = 34.0;
const LEGEND: f64 = 74.0;

/// Each way's colours in light and dark mode, and its mark.
const WAYS: [(&str, &str, &str, &str); 9] = [
    ("floor", "#57606a", "#9da7b3", ""),
    ("enmasse", "#c9184a", "#ff6b8f", "circle"),
    ("sqlx", "#0b6fb8", "#58a6ff", "square"),
    ("sea-orm", "#0f766e", "#2dd4bf", "diamond"),
    ("rustango", "#6d28d9", "#b794f6", "triangle"),
    ("django", "#2f6f33", "#7ee787", "square"),
    ("fast_update", "#a04c00", "#f0a04b", "diamond"),
    ("copy_update", "#7a6200", "#e3c341", "triangle"),
    ("pg-bulk-update", "#7d4a6b", "#d8a0c4", "circle"),
];

/// Powers of ten.
struct Scale {
    first: i32,
    last: i32,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            (least, most) = (least.min(value.log10()), most.max(value.log10()));
        }
        let first = least.floor() as i32;
        Scale { first, last: (most.ceil() as i32).max(first + 1) }
    }

    /// 0 at the start, 1 at the end.
    fn place(&self, value: f64) -> f64 {
        (value.log10() - f64::from(self.first)) / f64::from(self.last - self.first)
    }

    fn powers(&self) -> impl Iterator<Item = f64> {
        (self.first..=self.last).map(|power| 10_f64.powi(power))
    }
}

pub fn draw(figures: &[Figure]) -> String {
    let databases = distinct(figures.iter().map(|figure| figure.database.as_str()));
    let x = Scale::of(figures.iter().map(|figure| figure.rows as f64));
    let y = Scale::of(figures.iter().filter_map(|figure| figure.us_per_row));
    let width = LEFT + databases.len() as f64 * (PANEL.0 + GAP);
    let height = TOP + PANEL.1 + 52.0 + LEGEND;
    let mut svg = String::new();
    // Writing to a String does not fail.
    _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="Microseconds a row by the number of rows, on each database">"#
    );
    svg.push_str(&style());
    _ = writeln!(svg, r#"<rect class="page" width="{width}" height="{height}" rx="8"/>"#);
    _ = writeln!(
        svg,
        r#"<text class="title" x="16" y="26">Microseconds a row, by the number of rows: lower is faster</text>"#
    );
    for (place, database) in databases.iter().enumerate() {
        let left = LEFT + place as f64 * (PANEL.0 + GAP);
        let own: Vec<_> = figures.iter().filter(|figure| figure.database == *database).collect();
        _ = writeln!(svg, r#"<g transform="translate({left} {TOP})">"#);
        panel(&mut svg, &own, &x, &y, place == 0);
        svg.push_str("</g>\n");
    }
    legend(&mut svg, figures, width);
    svg.push_str("</svg>\n");
    svg
}

fn style() -> String {
    let mut by_day = String::new();
    let mut by_night = String::new();
    for (way, day, night, _) in WAYS {
        _ = write!(by_day, ".{way} {{ --own: {day} }} ");
        _ = write!(by_night, ".{way} {{ --own: {night} }} ");
    }
    format!(
        "<style>\n\
         text {{ font: 12px system-ui, sans-serif; fill: #3d444d }} .title {{ font-size: 15px; font-weight: 600 }}\n\
         .panel {{ font-size: 13px; font-weight: 600 }} .page {{ fill: #ffffff }} .grid {{ stroke: #e4e8ec }}\n\
         .line {{ fill: none; stroke: var(--own); stroke-width: 1.6; stroke-linejoin: round }} .mark {{ fill: var(--own) }}\n\
         .line.floor {{ stroke-dasharray: 5 4 }} .line.enmasse {{ stroke-width: 3.2 }}\n\
         {by_day}\n\
         @media (prefers-color-scheme: dark) {{\n\
         text {{ fill: #d1d7e0 }} .page {{ fill: #151b23 }} .grid {{ stroke: #2f3742 }}\n\
         {by_night}\n}}\n</style>\n"
    )
}

fn panel(svg: &mut String, figures: &[&Figure], x: &Scale, y: &Scale, is_first: bool) {
    let (width, height) = PANEL;
    let server = figures.first().map_or("", |figure| figure.server.as_str());
    let heading = if server.is_empty() { title(&figures[0].database) } else { server };
    _ = writeln!(svg, r#"<text class="panel" x="0" y="-12">{heading}</text>"#);
    for value in y.powers() {
        let at = height * (1.0 - y.place(value));
        _ = writeln!(svg, r#"<path class="grid" d="M0 {at:.1}H{width}"/>"#);
        if is_first {
            let label = if value < 1.0 { value.to_string() } else { thousands(value as usize) };
            _ = writeln!(svg, r#"<text x="-8" y="{:.1}" text-anchor="end">{label}</text>"#, at + 4.0);
        }
    }
    for value in x.powers() {
        let at = width * x.place(value);
        _ = writeln!(svg, r#"<path class="grid" d="M{at:.1} 0V{height}"/>"#);
        let label = match value as usize {
            million @ 1_000_000.. => format!("{}M", million / 1_000_000),
            thousand @ 1_000.. => format!("{}k", thousand / 1_000),
            few => few.to_string(),
        };
        _ = writeln!(
            svg,
            r#"<text x="{at:.1}" y="{:.1}" text-anchor="middle">{label}</text>"#,
            height + 18.0
        );
    }
    // Enmasse last, so that it is on top.
    for (way, _, _, mark) in WAYS.iter().filter(|way| way.0 != "enmasse").chain(&WAYS[1..2]) {
        let mut points: Vec<_> = figures
            .iter()
            .filter(|figure| figure.way == *way)
            .filter_map(|figure| Some((figure.rows, figure.us_per_row?)))
            .map(|(rows, each)| (width * x.place(rows as f64), height * (1.0 - y.place(each))))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        line(svg, way, mark, &points);
    }
}

fn line(svg: &mut String, way: &str, mark: &str, points: &[(f64, f64)]) {
    let path: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    if path.is_empty() {
        return;
    }
    _ = writeln!(svg, r#"<g class="{way}"><path class="line {way}" d="M{}"/>"#, path.join("L"));
    for &(x, y) in points {
        draw_mark(svg, mark, x, y);
    }
    svg.push_str("</g>\n");
}

fn draw_mark(svg: &mut String, mark: &str, x: f64, y: f64) {
    let shape = match mark {
        "circle" => "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
        "square" => "m-3.5 -3.5h7v7h-7z",
        "diamond" => "m0 -5l5 5l-5 5l-5 -5z",
        "triangle" => "m0 -5l4.7 8.5h-9.4z",
        _ => return,
    };
    _ = writeln!(svg, r#"<path class="mark" d="M{x:.1} {y:.1}{shape}"/>"#);
}

fn legend(svg: &mut String, figures: &[Figure], width: f64) {
    let column = (width - 32.0) / 5.0;
    let ways = distinct(figures.iter().map(|figure| figure.way.as_str()));
    let known = WAYS.iter().filter(|way| ways.contains(&way.0));
    for (place, (way, _, _, mark)) in known.enumerate() {
        let x = 16.0 + (place % 5) as f64 * column;
        let y = TOP + PANEL.1 + 56.0 + (place / 5) as f64 * 26.0;
        line(svg, way, "", &[(x, y), (x + 30.0, y)]);
        _ = writeln!(svg, r#"<g class="{way}">"#);
        draw_mark(svg, mark, x + 15.0, y);
        _ = writeln!(svg, r#"</g><text x="{}" y="{}">{way}</text>"#, x + 38.0, y + 4.0);
    }
}
