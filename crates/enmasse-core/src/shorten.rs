//! Limits the length of names and messages: a column's name may be a megabyte long, and a table may have a
//! thousand columns.

use std::borrow::Cow;

/// Maximum number of names in a message.
pub(crate) const LISTED: usize = 100;

/// Maximum number of characters of a name.
const NAME: usize = 200;

/// Maximum number of bytes of a message, and the length of its end if it is shortened.
const MESSAGE: usize = 8_192;
const END: usize = 2_048;

/// A name, shortened if it is longer than any database's.
pub(crate) fn name(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(NAME) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// A message, shortened in its middle if it is too long.
pub(crate) fn message(text: String) -> String {
    if text.len() <= MESSAGE {
        return text;
    }
    let start = (0..=MESSAGE - END).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let end = (text.len() - END..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    format!("{} … {}", &text[..start], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b07_what_is_long_is_cut() {
        assert_eq!(name("short"), "short");
        assert_eq!(name(&"é".repeat(1_000)), format!("{}…", "é".repeat(NAME)));
        let long = format!("begin{}end", "é".repeat(1 << 20));
        let cut = message(long.clone());
        assert!(cut.len() < MESSAGE + 10 && cut.starts_with("beginé") && cut.ends_with("éend"), "{cut}");
        assert_eq!(message("as it is".into()), "as it is");
        let error =
            crate::Error::unknown(crate::ErrorKind::UnknownField, "t has no column", &long, ["a", "b"]);
        assert!(error.message().len() < 1_000 && error.message().ends_with(" Choices are: a, b"), "{error}");
    }
}
