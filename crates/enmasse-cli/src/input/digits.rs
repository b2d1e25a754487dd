//! Checks that the numbers of a JSON document keep all of their digits.

/// A float of 64 bits always keeps this many digits.
const SAFE: usize = 15;

/// The first number of a document that a float or integer would change. The text must be valid JSON.
pub fn lost(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &&u8| matches!(**byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let number = &text[at..at + bytes[at..].iter().take_while(is_part).count()];
                if !is_kept(number) {
                    return Some(number);
                }
                at += number.len();
            }
            _ => at += 1,
        }
    }
    None
}

/// The position after the string that starts here.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn is_kept(number: &str) -> bool {
    if number.len() <= SAFE && !number.contains(['e', 'E']) {
        return true;
    }
    let kept = serde_json::from_str::<serde_json::Number>(number);
    kept.is_ok_and(|kept| parts(number) == parts(&kept.to_string()))
}

/// A number's digits without leading and trailing zeros, the power of ten of the last digit, and the sign if
/// it is not zero.
fn parts(number: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let short = digits.trim_end_matches('0');
    if short.is_empty() {
        return Some((false, String::new(), 0));
    }
    let zeros = digits.len() as i64 - short.len() as i64;
    let power = exponent.parse::<i64>().ok()?.checked_sub(fraction.len() as i64)?.checked_add(zeros)?;
    Some((number.starts_with('-'), short.trim_start_matches('0').to_owned(), power))
}

#[cfg(test)]
mod tests {
    use super::lost;

    #[test]
    fn numbers_that_come_back() {
        for text in [
            "[0, -0, 0.0, 1, 1.50, -12.5e3, 1E+2, 2e-7, 1e300, 0.000000000000000000000012]",
            "[18446744073709551615, -9223372036854775808, 0.1, 0.30000000000000004, 100000000000000000000]",
            r#"{"1234567890123456789012345": "\"0.1234567890123456789", "\\": 1.7976931348623157e308}"#,
            "0e99999999999999999999",
        ] {
            assert_eq!(lost(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_that_do_not() {
        for (text, number) in [
            (r#"{"x":123456789012345678901234,"y":1}"#, "123456789012345678901234"),
            (r#"{"\"":"\\", "y":0.1234567890123456789}"#, "0.1234567890123456789"),
            ("[18446744073709551617]", "18446744073709551617"),
            ("-9223372036854775809", "-9223372036854775809"),
            ("[1, 1e-400]", "1e-400"),
        ] {
            assert_eq!(lost(text), Some(number), "{text}");
        }
    }
}
