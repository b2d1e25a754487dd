//! Whole numbers in the form of floats: whether they have all of their digits.

use enmasse::{DataType, Value};

use super::bad::shortened;
use super::cell::Problem;

/// The largest whole numbers up to which 64-bit and 32-bit floats are exact.
const EXACT: i64 = 1 << 53;
const EXACT_SINGLE: i64 = 1 << 24;

/// Below this power of ten no program rounds: programs that round keep six digits or more.
const ROUNDED_FROM: u32 = 6;

/// Parses `12.0`, `1e5` and `1.234000e+03` as whole numbers; `None` for other texts.
///
/// # Errors
///
/// A form that may have lost digits, as spreadsheets write `9.91214E+15` for 9912142137894512.
pub fn read(text: &str) -> Result<Option<Value>, Problem> {
    let number = DataType::DECIMAL.coerce(text.into()).and_then(|number| DataType::BigInt.coerce(number));
    match number {
        Ok(_) if hides_digits(text) => Err(rounded(text)),
        Ok(number) => Ok(Some(number)),
        Err(_) if is_large(text) => Err(rounded(text)),
        Err(_) => Ok(None),
    }
}

/// Refuses a decimal number whose digits all matter, if its form may have lost some.
pub fn check_decimal(text: &str) -> Result<(), Problem> {
    if hides_digits(text) { Err(rounded(text)) } else { Ok(()) }
}

/// Refuses a float for a number whose digits all matter, beyond the exact range of 64-bit or 32-bit floats.
pub fn of_float(float: f64, is_single: bool) -> Result<(), Problem> {
    let exact = if is_single { EXACT_SINGLE } else { EXACT };
    if float.abs() > exact as f64 && float.is_finite() { Err(rounded(&format!("{float:?}"))) } else { Ok(()) }
}

/// Whether this form of a number may lack digits.
fn hides_digits(text: &str) -> bool {
    let is_of_float = match exponent(text) {
        Some((mantissa, power)) if power > fraction(mantissa) => return !is_short(mantissa, power),
        Some(_) => true,
        // Python's form of a float; a decimal has two zeros or more.
        None => text.ends_with(".0"),
    };
    let number = || DataType::DECIMAL.coerce(text.into());
    is_of_float && matches!(number(), Ok(Value::Decimal(number)) if number.abs() > EXACT.into())
}

/// `9.9E+30`: a whole number that no column can hold.
fn is_large(text: &str) -> bool {
    exponent(text).is_some_and(|(mantissa, power)| power > fraction(mantissa) && is_number(mantissa))
}

/// One digit with so few zeros that a rounding program, such as R, would have written more digits.
fn is_short(mantissa: &str, power: u32) -> bool {
    power < ROUNDED_FROM && mantissa.trim_start_matches(['+', '-']).len() == 1
}

/// The texts before and after an `e`, if the exponent is not negative.
fn exponent(text: &str) -> Option<(&str, u32)> {
    let (mantissa, power) = text.split_once(['e', 'E'])?;
    Some((mantissa, power.strip_prefix('+').unwrap_or(power).parse().ok()?))
}

/// The number of digits after the point.
fn fraction(mantissa: &str) -> u32 {
    mantissa.split_once('.').map_or(0, |(_, digits)| digits.len() as u32)
}

fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn rounded(text: &str) -> Problem {
    format!(
        "expected all digits of a whole number but got '{}', which may have been rounded: format the \
         column as text, or as a number without decimals, and save the file again.",
        shortened(text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a08_spellings_with_all_digits() {
        for (text, number) in [
            ("1.0", 1),
            ("12.00", 12),
            ("-1e3", -1_000),
            ("1E+05", 100_000),
            ("1.234000e+03", 1_234),
            ("1.2345678E7", 12_345_678),
            ("9.007199254740992e15", EXACT),
            ("9007199254740992.0", EXACT),
            ("12345678901234567.00", 12_345_678_901_234_567),
            ("0e0", 0),
        ] {
            assert_eq!(read(text), Ok(Some(Value::Int(number))), "{text}");
        }
    }

    #[test]
    fn a08_spellings_that_may_have_lost_digits() {
        for text in [
            "9.91214E+15",
            "1e+06",
            "1.5E+3",
            "1.23E+03",
            "-4.5e+11",
            "1.2345678901234568e+16",
            "12345678901234568.0",
            "1e30",
            "9.2E+25",
        ] {
            assert!(read(text).is_err_and(|problem| problem.contains("may have been rounded")), "{text}");
        }
        assert!(
            check_decimal("1.5E+3").is_err()
                && check_decimal("1.5").is_ok()
                && check_decimal("1.50e1").is_ok()
        );
        assert!(check_decimal("9912142137894512.0").is_err() && check_decimal("9912142137894512.00").is_ok());
        assert!(check_decimal("1.2345678901234568e+16").is_err() && check_decimal("1e5").is_ok());
        assert!(of_float(9_007_199_254_740_992.0, false).is_ok());
        assert!(of_float(9_007_199_254_740_994.0, false).is_err());
        assert!(of_float(16_777_216.0, true).is_ok() && of_float(16_777_218.0, true).is_err());
    }

    #[test]
    fn what_is_no_whole_number() {
        for text in ["12.5", "1.5e-3", "", "abc", "1e", "e5", "fee", "1.25e1", "--1e30"] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
    }
}
