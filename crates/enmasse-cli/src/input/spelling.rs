//! The file's number and date formats, if they are not the default ones.

use enmasse::chrono::NaiveDate;
use enmasse::{DataType, Value};

use super::InputOptions;
use super::bad::shortened;
use super::cell::{self, Problem};

/// The options `--decimal` and `--date-format`.
#[derive(Clone, Debug, Default)]
pub struct Spelling {
    decimal: Option<char>,
    date_format: Option<String>,
}

impl Spelling {
    pub fn of(options: &InputOptions) -> Self {
        Spelling {
            decimal: options.decimal.filter(|decimal| *decimal != '.'),
            date_format: options.date_format.clone(),
        }
    }

    /// The text of a cell in the default format; `None` if it already has it.
    pub fn usual(&self, data_type: &DataType, text: &str) -> Result<Option<String>, Problem> {
        match (data_type, self.decimal, &self.date_format) {
            (_, Some(decimal), _) if data_type.is_number() => number(text, decimal).map(Some),
            (DataType::Date, _, Some(format)) => match moment(text, format)? {
                // Midnight may follow, as in a file with default dates.
                usual if matches!(cell::date(&usual), Value::Text(_)) && usual.len() > 10 => {
                    Err(no_date(text, format))
                }
                usual => Ok(Some(usual)),
            },
            (DataType::DateTime | DataType::NaiveDateTime, _, Some(format)) => moment(text, format).map(Some),
            _ => Ok(None),
        }
    }
}

impl Spelling {
    /// Converts the text of a value from [`show`](super::show) to the file's format.
    pub fn written(&self, value: &Value, text: String) -> String {
        match (value, self.decimal, &self.date_format) {
            (Value::Decimal(_) | Value::Float(_), Some(decimal), _) => {
                text.replacen('.', &decimal.to_string(), 1)
            }
            (Value::Date(date), _, Some(format)) => date.format(format).to_string(),
            (Value::DateTime(moment), _, Some(format)) => begin(moment.date_naive(), format, &text),
            (Value::NaiveDateTime(moment), _, Some(format)) => begin(moment.date(), format, &text),
            _ => text,
        }
    }
}

/// A datetime that starts with its date in another format.
fn begin(date: NaiveDate, format: &str, text: &str) -> String {
    let time = text.split_once(' ').map_or("", |(_, time)| time);
    format!("{} {time}", date.format(format))
}

/// Whether a format contains year, month and day, so that its dates can be parsed.
pub fn is_date_format(format: &str) -> bool {
    use enmasse::chrono::format::{Item, StrftimeItems};
    let date = NaiveDate::from_ymd_opt(2023, 12, 31).unwrap_or_default();
    if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) {
        return false;
    }
    let mut text = String::new();
    use std::fmt::Write;
    // A format that asks for a time of day cannot format a date.
    write!(text, "{}", date.format(format)).is_ok()
        && NaiveDate::parse_from_str(&text, format).is_ok_and(|read| read == date)
}

fn number(text: &str, decimal: char) -> Result<String, Problem> {
    if text.contains('.') {
        return Err(format!(
            "expected a number with '{decimal}' as the decimal separator but got '{}'.",
            shortened(text)
        ));
    }
    Ok(text.replacen(decimal, ".", 1))
}

/// Converts a date in this format to the default one, with the time of day that may follow it.
fn moment(text: &str, format: &str) -> Result<String, Problem> {
    let read = NaiveDate::parse_and_remainder(text.trim(), format);
    let (date, rest) = read.map_err(|_| no_date(text, format))?;
    match rest.strip_prefix('T').unwrap_or(rest).trim_start() {
        "" if rest.is_empty() => Ok(date.to_string()),
        // Digits that follow belong to a date in another format: 31/12/2024 does not match %d/%m/%y.
        time if time.len() < rest.len() && !time.is_empty() => Ok(format!("{date} {time}")),
        _ => Err(no_date(text, format)),
    }
}

fn no_date(text: &str, format: &str) -> Problem {
    format!("expected a date as {format} but got '{}'.", shortened(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d05_numbers_and_dates_as_elsewhere() {
        let options = InputOptions {
            decimal: Some(','),
            date_format: Some("%d/%m/%Y".into()),
            ..InputOptions::default()
        };
        let spelling = Spelling::of(&options);
        for (data_type, text, usual) in [
            (DataType::DECIMAL, "-12,50", Some("-12.50")),
            (DataType::Double, "1,5e3", Some("1.5e3")),
            (DataType::Integer, "12,0", Some("12.0")),
            (DataType::Date, " 31/12/2024", Some("2024-12-31")),
            (DataType::DateTime, "1/2/2024 09:30", Some("2024-02-01 09:30")),
            (DataType::NaiveDateTime, "01/02/2024", Some("2024-02-01")),
            (DataType::TEXT, "1,5", None),
        ] {
            assert_eq!(spelling.usual(&data_type, text), Ok(usual.map(str::to_owned)), "{text}");
        }
        let wrong = |data_type, text| spelling.usual(&data_type, text).unwrap_err();
        assert_eq!(
            wrong(DataType::DECIMAL, "1.234,5"),
            "expected a number with ',' as the decimal separator but got '1.234,5'."
        );
        assert_eq!(wrong(DataType::Date, "2024-12-31"), "expected a date as %d/%m/%Y but got '2024-12-31'.");
        assert_eq!(wrong(DataType::Date, "31/02/2024"), "expected a date as %d/%m/%Y but got '31/02/2024'.");
    }

    #[test]
    fn d05_nothing_follows_a_date_but_a_time() {
        let usual = |format: &str, data_type: DataType, text: &str| {
            let options = InputOptions { date_format: Some(format.into()), ..InputOptions::default() };
            Spelling::of(&options).usual(&data_type, text)
        };
        let read = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(usual("%d/%m/%Y", DataType::Date, "31/12/2024 00:00:00"), read("2024-12-31 00:00:00"));
        assert_eq!(usual("%d/%m/%Y", DataType::Date, "31/12/2024T00:00"), read("2024-12-31 00:00"));
        assert_eq!(usual("%d/%m/%y", DataType::NaiveDateTime, "31/12/24 09:30"), read("2024-12-31 09:30"));
        for (format, data_type, text) in [
            ("%d/%m/%y", DataType::Date, "31/12/2024"),
            ("%d/%m/%y", DataType::NaiveDateTime, "31/12/2024"),
            ("%d/%m/%y", DataType::DateTime, "31/12/2024 09:30"),
            ("%d/%m/%Y", DataType::Date, "31/12/2024 09:30"),
            ("%d/%m/%Y", DataType::Date, "31/12/2024 x"),
            ("%d/%m/%Y", DataType::Date, "31/12/2024T"),
            ("%Y%m%d", DataType::Date, "20241231000000"),
            ("%Y%m%d", DataType::NaiveDateTime, "202412310930"),
        ] {
            let said = format!("expected a date as {format} but got '{text}'.");
            assert_eq!(usual(format, data_type, text), Err(said));
        }
    }

    #[test]
    fn d05_formats_that_say_a_date() {
        for format in ["%d/%m/%Y", "%m-%d-%y", "%Y%m%d", "%d %b %Y", "%F", "%j.%Y"] {
            assert!(is_date_format(format), "{format}");
        }
        for format in ["", "%d/%m", "%Y", "%d/%m/%Y %H:%M", "%Q", "dd/mm/yyyy"] {
            assert!(!is_date_format(format), "{format}");
        }
    }
}
