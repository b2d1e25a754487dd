//! Decimal numbers in text, of any length: read without the 28 digits of a [`Decimal`](rust_decimal::Decimal).

use std::borrow::Cow;

use crate::error::{Error, Result};

/// The most digits that an exponent may add: PostgreSQL's `numeric`, the longest, has 131,072 before the point and 16,383 after it.
const MAX_DIGITS: usize = 150_000;

/// A decimal number without an exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digits<'a> {
    pub negative: bool,
    /// The digits before the point: at least one.
    pub whole: &'a str,
    /// The digits after the point.
    pub fraction: &'a str,
}

impl<'a> Digits<'a> {
    /// The number in its plain form: `-12.50`. There is no space, no `+` and no exponent, and digits are on both sides of a point.
    #[inline]
    pub fn plain(text: &'a str) -> Option<Self> {
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let is_plain = !whole.is_empty() && are_digits(whole) && are_digits(fraction);
        is_plain.then_some(Digits { negative, whole, fraction })
    }

    /// The same number, with an error for what is not in plain form.
    pub fn checked(text: &'a str) -> Result<Self> {
        Digits::plain(text).ok_or_else(|| Error::value("the decimal in text has not been checked first."))
    }

    /// The digits before the point, without zeros at the start.
    pub fn whole_digits(&self) -> &'a str {
        self.whole.trim_start_matches('0')
    }

    /// The digits after the point, without zeros at the end.
    pub fn places(&self) -> &'a str {
        self.fraction.trim_end_matches('0')
    }

    pub fn is_zero(&self) -> bool {
        self.whole_digits().is_empty() && self.places().is_empty()
    }

    /// Whether it is less than zero.
    pub fn is_negative(&self) -> bool {
        self.negative && !self.is_zero()
    }

    /// How many digits there are between the first and the last that is not zero.
    pub fn significant(&self) -> usize {
        match (self.whole_digits(), self.places()) {
            (whole, "") => whole.trim_end_matches('0').len(),
            ("", places) => places.trim_start_matches('0').len(),
            (whole, places) => whole.len() + places.len(),
        }
    }

    /// The shortest text of the number: equal numbers have the same.
    pub fn canonical(&self) -> String {
        let (whole, places) = (self.whole_digits(), self.places());
        let sign = if self.is_negative() { "-" } else { "" };
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if places.is_empty() { "" } else { "." };
        [sign, whole, point, places].concat()
    }
}

/// The number in plain form, as it stands where it has that form already; `None` where the text is no number. Spaces around it, a `+`
/// and an exponent are read.
pub(crate) fn plain(text: &str) -> Option<Cow<'_, str>> {
    if Digits::plain(text).is_some() {
        return Some(Cow::Borrowed(text));
    }
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (sign, unsigned) = match mantissa.as_bytes().first()? {
        b'-' => ("-", &mantissa[1..]),
        b'+' => ("", &mantissa[1..]),
        _ => ("", mantissa),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    if !has_digits || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let digits = [whole, fraction].concat();
    // where the point is, counted from the first digit
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let zeros = |count: u64| {
        usize::try_from(count).ok().filter(|count| *count <= MAX_DIGITS).map(|count| "0".repeat(count))
    };
    let length = i64::try_from(digits.len()).ok()?;
    let (whole, fraction) = if point <= 0 {
        ("0".to_owned(), zeros(point.unsigned_abs())? + &digits)
    } else if point >= length {
        (digits + &zeros(point.abs_diff(length))?, String::new())
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).ok()?);
        (whole.to_owned(), fraction.to_owned())
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(Cow::Owned([sign, &whole, point, &fraction].concat()))
}

fn are_digits(text: &str) -> bool {
    // without a branch for each byte
    text.bytes().fold(true, |all, byte| all & byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_numbers_as_they_stand() {
        for text in ["0", "-0", "007.50", "1.0", "-12.50", "123456789012345678901234567890123456789012.5"] {
            assert!(matches!(plain(text), Some(Cow::Borrowed(same)) if same == text), "{text}");
        }
    }

    #[test]
    fn brings_others_into_plain_form() {
        for (text, expected) in [
            (" 5 ", "5"),
            ("+5", "5"),
            ("5.", "5"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("1e3", "1000"),
            ("-1.25E+1", "-12.5"),
            ("1.25e2", "125"),
            ("1.25e4", "12500"),
            ("1.25e-1", "0.125"),
            ("12.5e-4", "0.00125"),
            ("0e-2", "0.00"),
            ("1e-40", "0.0000000000000000000000000000000000000001"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "",
            " ",
            "-",
            ".",
            "+.",
            "--5",
            "5-",
            "1.2.3",
            "1,5",
            "1e",
            "e5",
            "1e1.5",
            "NaN",
            "Infinity",
            "0x1",
            "١",
            "1_000",
            "1e200000",
            "1e-200000",
            "1e99999999999999999999",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn counts_digits() {
        for (text, canonical, significant) in [
            ("0", "0", 0),
            ("-0.00", "0", 0),
            ("007.50", "7.5", 2),
            ("-1200", "-1200", 2),
            ("0.0012", "0.0012", 2),
            ("10.01", "10.01", 4),
        ] {
            let digits = Digits::plain(text).unwrap();
            assert_eq!((digits.canonical().as_str(), digits.significant()), (canonical, significant));
        }
    }
}
