//! Character sets of text columns, as far as they determine which texts fit.

/// The character set of a text column, if it is not full UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CharacterSet {
    /// 128 characters of one byte each.
    Ascii,
    /// MySQL's `latin1`: Windows-1252 with control characters in its five unused bytes.
    Latin1,
    /// `utf8mb3`: UTF-8 without characters of four bytes.
    Utf8Mb3,
    /// Two bytes for each character of the Basic Multilingual Plane; no other characters.
    Ucs2,
    /// Two or four bytes for each character.
    Utf16,
    /// Four bytes for each character.
    Utf32,
    /// Another one: only the database knows which characters it lacks.
    Other,
}

/// The characters of Windows-1252 from byte 0x80 to 0x9F.
const WINDOWS: &str = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\u{81}\u{8d}\u{8f}\u{90}\u{9d}";

impl CharacterSet {
    /// The set with this name; `None` for full UTF-8.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "utf8mb4" => return None,
            "ascii" => CharacterSet::Ascii,
            "latin1" => CharacterSet::Latin1,
            "utf8" | "utf8mb3" => CharacterSet::Utf8Mb3,
            "ucs2" => CharacterSet::Ucs2,
            "utf16" | "utf16le" => CharacterSet::Utf16,
            "utf32" => CharacterSet::Utf32,
            _ => CharacterSet::Other,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            CharacterSet::Ascii => "ascii",
            CharacterSet::Latin1 => "latin1",
            CharacterSet::Utf8Mb3 => "utf8mb3",
            CharacterSet::Ucs2 => "ucs2",
            CharacterSet::Utf16 => "utf16",
            CharacterSet::Utf32 => "utf32",
            CharacterSet::Other => "of its own",
        }
    }

    /// Whether each ASCII character is one byte.
    pub(crate) fn is_of_bytes(self) -> bool {
        matches!(self, CharacterSet::Ascii | CharacterSet::Latin1 | CharacterSet::Utf8Mb3)
    }

    /// Whether it has the character, as far as is known.
    pub(crate) fn has(self, character: char) -> bool {
        match self {
            CharacterSet::Ascii => character.is_ascii(),
            CharacterSet::Latin1 => {
                character.is_ascii()
                    || ('\u{a0}'..='\u{ff}').contains(&character)
                    || WINDOWS.contains(character)
            }
            CharacterSet::Utf8Mb3 | CharacterSet::Ucs2 => character <= '\u{ffff}',
            CharacterSet::Utf16 | CharacterSet::Utf32 | CharacterSet::Other => true,
        }
    }

    /// The number of bytes of a text, if known.
    pub(crate) fn size(self, text: &str) -> Option<u64> {
        let each = |bytes: fn(char) -> usize| Some(text.chars().map(bytes).sum::<usize>() as u64);
        match self {
            CharacterSet::Ascii | CharacterSet::Latin1 => each(|_| 1),
            CharacterSet::Utf8Mb3 => Some(text.len() as u64),
            CharacterSet::Ucs2 | CharacterSet::Utf16 => each(|character| 2 * character.len_utf16()),
            CharacterSet::Utf32 => each(|_| 4),
            CharacterSet::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_have_their_characters() {
        for (name, has, lacks, size) in [
            ("ascii", "a~", "é€😀", 2),
            ("latin1", "é€ÿ\u{81}", "Łπ😀", 4),
            ("utf8mb3", "é€Ł", "😀", 7),
            ("ucs2", "é€Ł", "😀", 6),
            ("utf16", "é😀", "", 6),
            ("utf32", "é😀", "", 8),
        ] {
            let set = CharacterSet::named(name).unwrap();
            assert!(has.chars().all(|character| set.has(character)), "{name}");
            assert!(!lacks.chars().any(|character| set.has(character)), "{name}");
            assert_eq!((set.name(), set.size(has)), (name, Some(size)));
        }
        assert_eq!(CharacterSet::named("utf8mb4"), None);
        assert_eq!(CharacterSet::named("gbk").unwrap().size("a"), None);
    }
}
