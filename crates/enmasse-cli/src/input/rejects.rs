//! Files of bad rows: the source text of each row, with the reason in an additional last column.

use serde_json::value::RawValue;

use super::csv::Header;
use super::jsonl;
use super::records::Layout;
use super::{BadRow, Input, csv, quotes};
use crate::failure::cut_to;

/// The column of the reason. It is ignored in a file that is applied, unless the table has a column of this
/// name.
pub const REASON: &str = "enmasse_error";

/// Maximum characters of a reason.
const LENGTH: usize = 1_000;

/// Writes the lines of a file of bad rows.
#[derive(Clone, Debug)]
pub struct Rejects {
    form: Form,
    header: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// The number of cells of a row with the reason of an earlier run at its end, if rows have one.
    Csv {
        layout: Layout,
        with_reason: Option<usize>,
    },
    /// The header and the rows have the column elsewhere; none is added.
    CsvAsItIs,
    Json,
}

impl Rejects {
    pub fn of(input: &Input) -> Self {
        let Some(header) = &input.header else { return Rejects { form: Form::Json, header: None } };
        let Header { layout, raw, names } = header;
        let form = match names.iter().position(|name| name == REASON) {
            None => Form::Csv { layout: *layout, with_reason: None },
            Some(last) if last + 1 == names.len() => {
                Form::Csv { layout: *layout, with_reason: Some(names.len()) }
            }
            Some(_) => Form::CsvAsItIs,
        };
        let delimiter = char::from(layout.delimiter);
        let sep = if layout.begins_with_sep { format!("sep={delimiter}\n") } else { String::new() };
        let column = match form {
            Form::Csv { with_reason: None, .. } => format!("{delimiter}{REASON}"),
            _ => String::new(),
        };
        Rejects { form, header: Some(format!("{sep}{raw}{column}")) }
    }

    /// The header line, if the format has one.
    pub fn header(&self) -> Option<&str> {
        self.header.as_deref()
    }

    pub fn line(&self, bad: &BadRow) -> String {
        let reason = cut_to(&bad.reason(), LENGTH);
        match self.form {
            Form::Csv { layout, with_reason } => {
                let row = with_reason.map_or(&*bad.raw, |cells| without_reason(&bad.raw, layout, cells));
                format!("{row}{}{}", char::from(layout.delimiter), cell(&reason, layout))
            }
            Form::CsvAsItIs => bad.raw.clone(),
            Form::Json => object(&bad.raw, &reason),
        }
    }
}

/// A reason as a cell without quotes, so that its start can be found.
fn cell(reason: &str, layout: Layout) -> String {
    match layout.quote {
        Some(quote) => {
            let quote = char::from(quote);
            let other = if quote == '\'' { "\"" } else { "'" };
            format!("{quote}{}{quote}", reason.replace(quote, other))
        }
        None => reason.replace(char::from(layout.delimiter), " "),
    }
}

/// A row without its reason, which is its last cell. A row with a different number of cells than the header
/// may have lost its reason: its last cell is cut off only if it is a message of this kind.
fn without_reason(raw: &str, layout: Layout, with_reason: usize) -> &str {
    let (cells, start) = quotes::last_cell(raw.as_bytes(), layout);
    if start == 0 {
        return raw;
    }
    let says = |reason: &str| match layout.quote {
        Some(_) => raw[start..].contains(reason),
        None => raw[start..].contains(&cell(reason, layout)),
    };
    let is_reason = cells == with_reason || says(&csv::wrong_number(cells - 1)) || says(quotes::PROBLEM);
    if is_reason { &raw[..start - 1] } else { raw }
}

/// An object with its reason; text that is not an object is unchanged.
fn object(raw: &str, reason: &str) -> String {
    let (Ok(members), Ok(reason)) = (jsonl::all_members(raw), serde_json::to_string(reason)) else {
        return raw.to_owned();
    };
    let Some(open) = raw.trim_end().strip_suffix('}') else { return raw.to_owned() };
    let (begin, is_empty) = if members.iter().any(|(key, _)| key == REASON) {
        let others: Vec<_> = members.iter().filter(|(key, _)| key != REASON).map(member).collect();
        (format!("{{{}", others.join(",")), others.is_empty())
    } else {
        (open.trim_end().to_owned(), members.is_empty())
    };
    format!("{begin}{}\"{REASON}\":{reason}}}", if is_empty { "" } else { "," })
}

fn member((key, value): &(std::borrow::Cow<'_, str>, &RawValue)) -> String {
    format!("{}:{value}", serde_json::Value::from(key.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d01_a_row_has_its_last_reason_only() {
        let layout = Layout { delimiter: b';', quote: Some(b'"'), begins_with_sep: false };
        let first = format!("1;\"a;b\";{}", cell("no \"x;y\"", layout));
        assert_eq!(first, "1;\"a;b\";\"no 'x;y'\"");
        assert_eq!(without_reason(&first, layout, 3), "1;\"a;b\"");
        assert_eq!(without_reason("1;\"a;b\";no x", layout, 3), "1;\"a;b\"");
        let bare = Layout { quote: None, ..layout };
        assert_eq!(without_reason(&format!("1;2;{}", cell("a;b", bare)), bare, 3), "1;2");
    }

    #[test]
    fn a_row_of_another_number_of_cells_loses_its_reason_only() {
        let quoted = Layout { delimiter: b',', quote: Some(b'"'), begins_with_sep: false };
        for layout in [quoted, Layout { quote: None, ..quoted }] {
            for row in ["1,2", "1", "1,2,3,4", "1,,"] {
                // of the header a,b,c and the reason
                let cells = row.split(',').count();
                assert_eq!(without_reason(row, layout, 4), if cells == 4 { "1,2,3" } else { row });
                let reason = format!("{} 3.", csv::wrong_number(cells));
                let line = format!("{row},{}", cell(&reason, layout));
                assert_eq!(without_reason(&line, layout, 4), row, "{line}");
            }
        }
        let line = format!("\"a,\"\"\nb\",\"c\"d,\"column 'b': {}: ''c'd'.\"", quotes::PROBLEM);
        assert_eq!(without_reason(&line, quoted, 4), "\"a,\"\"\nb\",\"c\"d");
        assert_eq!(without_reason("\"a,\"\"\nb\",\"c\"d", quoted, 4), "\"a,\"\"\nb\",\"c\"d");
        assert_eq!(without_reason("", quoted, 4), "");
    }

    #[test]
    fn d01_objects_with_their_reasons() {
        assert_eq!(object(r#"{ "a": 1.50 }"#, "no"), r#"{ "a": 1.50,"enmasse_error":"no"}"#);
        assert_eq!(object("{}", "no"), r#"{"enmasse_error":"no"}"#);
        assert_eq!(object(r#"{"enmasse_error": "x", "a":1.50}"#, "no"), r#"{"a":1.50,"enmasse_error":"no"}"#);
        assert_eq!(object(r#"{"enmasse_error": "x"}"#, "no"), r#"{"enmasse_error":"no"}"#);
        for broken in ["[1]", "{\"a\":", "x"] {
            assert_eq!(object(broken, "no"), broken);
        }
    }
}
