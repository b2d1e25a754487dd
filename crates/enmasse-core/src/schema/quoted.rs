//! Names in SQL quotes.

/// The parts of a name with at least one quoted part; `None` for other texts.
pub(crate) fn quoted_parts(written: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = written;
    let mut any = false;
    loop {
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '`'));
        let (part, after) = match quote {
            Some(quote) => {
                any = true;
                unquoted(rest, quote)?
            }
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        if part.is_empty() {
            return None;
        }
        parts.push(part);
        match after.strip_prefix('.') {
            Some(more) => rest = more,
            None if after.is_empty() && any => return Some(parts),
            None => return None,
        }
    }
}

/// The content of the quotes at the start of a text, with doubled quotes resolved, and the rest of the text.
fn unquoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != quote {
            name.push(character);
        } else if characters.peek().is_some_and(|(_, next)| *next == quote) {
            characters.next();
            name.push(quote);
        } else {
            return Some((name, &text[at + 1..]));
        }
    }
    None
}
