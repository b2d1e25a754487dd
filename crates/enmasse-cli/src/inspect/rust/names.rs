//! Valid Rust names that do not shadow each other.

use std::collections::HashSet;

/// Words that cannot be names, even as `r#…`.
const NEVER_RAW: [&str; 5] = ["self", "Self", "super", "crate", "_"];

/// The other keywords.
const KEYWORDS: [&str; 47] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
];

/// Types and traits of the prelude and the standard library that the source, or code next to it, may use.
const TAKEN: [&str; 60] = [
    "AsRef",
    "Assignment",
    "Box",
    "BulkUpdate",
    "BulkUpdateMixin",
    "Choices",
    "Clone",
    "Column",
    "Columns",
    "Copy",
    "DataType",
    "Database",
    "DateTime",
    "Debug",
    "Decimal",
    "Default",
    "Drop",
    "Entity",
    "Eq",
    "Err",
    "Error",
    "ErrorKind",
    "Expression",
    "F",
    "Fn",
    "From",
    "Functions",
    "Future",
    "Into",
    "Iterator",
    "Lookups",
    "Manager",
    "Model",
    "NaiveDate",
    "NaiveDateTime",
    "NaiveTime",
    "None",
    "Objects",
    "Ok",
    "Option",
    "PartialEq",
    "Q",
    "QuerySet",
    "Record",
    "Report",
    "Result",
    "Self",
    "Send",
    "Some",
    "String",
    "Sync",
    "TimeDelta",
    "ToString",
    "Transaction",
    "Typed",
    "Update",
    "Utc",
    "Uuid",
    "Value",
    "Vec",
];

/// Names in use.
#[derive(Default)]
pub struct Names(HashSet<String>);

impl Names {
    /// Only the names that structs may not have.
    pub fn of_structs() -> Self {
        Names(TAKEN.map(str::to_owned).into())
    }

    /// Reserves the name, or the name with the first free number.
    pub fn take(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !self.0.contains(name));
        let free = free.unwrap_or_default();
        self.0.insert(free.clone());
        free
    }

    /// Reserves a struct's name and the name ending in `Columns` that the derive generates for it.
    pub fn take_struct(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let is_free = |name: &String| {
            let around = name.strip_suffix("Columns").is_some_and(|name| self.0.contains(name));
            !around && !self.0.contains(name) && !self.0.contains(&format!("{name}Columns"))
        };
        let free = std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default();
        self.0.insert(free.clone());
        self.0.insert(format!("{free}Columns"));
        free
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// A column's name as a field name: `createdAt` is `created_at`, `2nd` is `field_2nd`, and `type` is written
/// `r#type`.
pub fn field(name: &str) -> String {
    let mut snake = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, &letter) in letters.iter().enumerate() {
        let after_small = at > 0 && (letters[at - 1].is_lowercase() || letters[at - 1].is_numeric());
        let before_small = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let after_capital = at > 0 && letters[at - 1].is_uppercase();
        if letter.is_uppercase() && (after_small || after_capital && before_small) {
            snake.push('_');
        }
        if letter.is_alphanumeric() {
            snake.extend(letter.to_lowercase().filter(|letter| letter.is_alphanumeric()));
        } else {
            snake.push('_');
        }
    }
    let parts: Vec<&str> = snake.split('_').filter(|part| !part.is_empty()).collect();
    let plain = parts.join("_");
    match plain.as_str() {
        "" => "field".to_owned(),
        // `pk` always means the key.
        "pk" => "pk_field".to_owned(),
        name if NEVER_RAW.contains(&name) => format!("{name}_field"),
        name if !name.starts_with(char::is_alphabetic) => format!("field_{name}"),
        name => name.to_owned(),
    }
}

/// The name as written in the source.
pub fn written(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}

/// A table's name as a struct name: `shop_order_item` is `ShopOrderItem`.
pub fn structure(table: &str) -> String {
    let capitalized = |part: &str| {
        let mut letters = part.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        first + letters.as_str()
    };
    let name: String = field(table).split('_').map(capitalized).collect();
    if name.starts_with(char::is_alphabetic) { name } else { format!("Table{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_rusts_own() {
        for (column, name) in [
            ("country", "country"),
            ("createdAt", "created_at"),
            ("HTTPStatus", "http_status"),
            ("2nd", "field_2nd"),
            ("The Name", "the_name"),
            ("a\"; --", "a"),
            ("größe", "größe"),
            ("_x__y_", "x_y"),
            ("self", "self_field"),
            ("pk", "pk_field"),
            ("type", "type"),
            ("\u{1f600}", "field"),
        ] {
            assert_eq!(field(column), name, "{column}");
        }
        assert_eq!((written("type"), written("typ")), ("r#type".to_owned(), "typ".to_owned()));
        assert_eq!(structure("shop_order_item"), "ShopOrderItem");
        assert_eq!(structure("2nd"), "Field2nd");
    }

    #[test]
    fn no_name_hides_another() {
        let mut names = Names::of_structs();
        assert_eq!(names.take_struct("Option"), "Option2");
        assert_eq!(names.take_struct("User"), "User");
        assert_eq!(names.take_struct("UserColumns"), "UserColumns2");
        assert_eq!(names.take_struct("OrderColumns"), "OrderColumns");
        assert_eq!(names.take_struct("Order"), "Order2");
        let mut fields = Names::default();
        assert_eq!([fields.take("a"), fields.take("a")], ["a", "a_2"]);
    }
}
