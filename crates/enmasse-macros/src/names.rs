//! Conversions between Django's and Rust's names.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;

/// `UserProfile` as `user_profile`, `HTTPLog` as `http_log`.
pub fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let after_small = at > 0 && (letters[at - 1].is_lowercase() || letters[at - 1].is_numeric());
        let before_small = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && at > 0 && letters[at - 1] != '_' && (after_small || before_small) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The identifier's name, without `r#`.
pub fn name(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The hidden method of the keyword macros for a step with this name.
pub fn step(name: &str, span: Span) -> Ident {
    Ident::new(&format!("__{name}"), span)
}

/// An identifier with this name, raw if it is a keyword; `None` if it is invalid.
pub fn ident(name: &str, span: Span) -> Option<Ident> {
    let plain = syn::parse_str::<Ident>(name).or_else(|_| syn::parse_str(&format!("r#{name}")));
    plain.ok().map(|mut ident| {
        ident.set_span(span);
        ident
    })
}

/// The names in backticks, separated by commas.
pub fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_case_keeps_words_apart() {
        for (name, snake) in [
            ("User", "user"),
            ("UserProfile", "user_profile"),
            ("HTTPLog", "http_log"),
            ("Level2Up", "level2_up"),
            ("In_US", "in_us"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn a_keyword_becomes_a_raw_identifier() {
        assert_eq!(ident("type", Span::call_site()).unwrap().to_string(), "r#type");
        assert!(ident("two words", Span::call_site()).is_none());
    }
}
