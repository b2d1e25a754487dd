//! Expressions of `--set` and `--where`: `F(points) * 2 + 100`, `Coalesce(F(nick), Upper(F(name)))`.
//!
//! ```text
//! sum     = product (("+" | "-") product)*
//! product = unary (("*" | "/" | "%") unary)*
//! unary   = "-" unary | atom
//! atom    = number | 'text' | true | false | NULL | F(field) | function(sum, …) | "(" sum ")"
//! ```

use std::ops::RangeInclusive;

use enmasse::expr::{Expr, Function, Operator};
use enmasse::{DataType, Value};

/// Limits the depth of an expression, so that no recursive walk overflows the stack.
const MOST_TERMS: usize = 200;

/// The functions with the number of their arguments.
static FUNCTIONS: [(&str, Function, RangeInclusive<usize>); 19] = [
    ("Abs", Function::Abs, 1..=1),
    ("Ceil", Function::Ceil, 1..=1),
    ("Coalesce", Function::Coalesce, 2..=50),
    ("Concat", Function::Concat, 2..=50),
    ("Floor", Function::Floor, 1..=1),
    ("Greatest", Function::Greatest, 2..=50),
    ("LTrim", Function::LTrim, 1..=1),
    ("Least", Function::Least, 2..=50),
    ("Length", Function::Length, 1..=1),
    ("Lower", Function::Lower, 1..=1),
    ("Now", Function::Now, 0..=0),
    ("NullIf", Function::NullIf, 2..=2),
    ("Power", Function::Power, 2..=2),
    ("RTrim", Function::RTrim, 1..=1),
    ("Replace", Function::Replace, 3..=3),
    ("Round", Function::Round, 1..=2),
    ("Substr", Function::Substr, 2..=3),
    ("Trim", Function::Trim, 1..=1),
    ("Upper", Function::Upper, 1..=1),
];

fn function(name: &str) -> Option<&'static (&'static str, Function, RangeInclusive<usize>)> {
    FUNCTIONS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))
}

/// Whether a value is an expression: it contains `F(…)` outside of quotes, or begins with a function.
pub fn is_one(text: &str) -> bool {
    let start = text.trim_start_matches([' ', '(', '-']);
    let first = start.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(start.len());
    if start[first..].starts_with('(')
        && (function(&start[..first]).is_some() || &start[..first] == "Duration")
    {
        return true;
    }
    let is_field = |(at, _): (usize, &str)| {
        !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            && text[..at].matches('\'').count().is_multiple_of(2)
    };
    text.match_indices("F(").any(is_field)
}

/// # Errors
///
/// The text with a marker below the wrong place, and what was expected there.
pub fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser { text, at: 0, terms: 0 };
    let expr = parser.sum();
    let whole = expr.and_then(|expr| match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.expected("an operator or the end")),
    });
    whole.map_err(|Problem { at, message }| {
        let before: String = text[..at].chars().map(|_| ' ').collect();
        format!(
            "{message} at character {}\n  {text}\n  {before}^\nQuote a text that contains F( or begins with a function: '…'",
            before.len() + 1
        )
    })
}

struct Parser<'a> {
    text: &'a str,
    /// A byte offset.
    at: usize,
    terms: usize,
}

/// An error and its position.
struct Problem {
    at: usize,
    message: String,
}

type Parsed<T> = Result<T, Problem>;

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next character that is not a space.
    fn peek(&mut self) -> Option<char> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.rest().chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Parsed<()> {
        if self.eat(wanted) { Ok(()) } else { Err(self.expected(&format!("'{wanted}'"))) }
    }

    fn expected(&mut self, what: &str) -> Problem {
        let found = match self.peek() {
            Some(c) => format!("'{c}'"),
            None => "the end".to_owned(),
        };
        Problem { at: self.at, message: format!("expected {what} but got {found}") }
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                Some('+') => Operator::Add,
                Some('-') => Operator::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            left = left.binary(operator, self.product()?);
        }
    }

    fn product(&mut self) -> Parsed<Expr> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                Some('*') => Operator::Multiply,
                Some('/') => Operator::Divide,
                Some('%') => Operator::Modulo,
                _ => return Ok(left),
            };
            self.at += 1;
            left = left.binary(operator, self.unary()?);
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(Problem { at: self.at, message: format!("more than {MOST_TERMS} terms") });
        }
        if !self.eat('-') {
            return self.atom();
        }
        if self.peek().is_some_and(|c| c.is_ascii_digit() || c == '.') {
            return self.number("-");
        }
        Ok(self.unary()?.binary(Operator::Multiply, Expr::value(-1_i64)))
    }

    fn atom(&mut self) -> Parsed<Expr> {
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let inner = self.sum()?;
                self.expect(')')?;
                Ok(inner)
            }
            Some('\'') => Ok(Expr::value(self.quoted()?)),
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(""),
            Some(c) if c.is_alphabetic() || c == '_' => self.word(),
            _ => Err(self.expected("a number, a 'text', F(field), a function or '('")),
        }
    }

    /// A whole or decimal number. A float would not be exact.
    fn number(&mut self, sign: &str) -> Parsed<Expr> {
        let start = self.at;
        let rest = self.rest();
        let is_part = |(at, c): (usize, char)| {
            let before = rest[..at].chars().next_back();
            c.is_ascii_digit()
                || c == '.'
                || matches!(c, 'e' | 'E') && at > 0
                || matches!(c, '+' | '-') && matches!(before, Some('e' | 'E'))
        };
        let end = rest.char_indices().find(|part| !is_part(*part)).map_or(rest.len(), |(end, _)| end);
        self.at += end;
        let written = format!("{sign}{}", &rest[..end]);
        if let Ok(whole) = written.parse::<i64>() {
            return Ok(Expr::value(whole));
        }
        match DataType::DECIMAL.coerce(written.as_str().into()) {
            Ok(decimal) => Ok(Expr::value(decimal)),
            Err(_) => Err(Problem {
                at: start,
                message: format!("expected a number of at most 28 digits but got '{written}'"),
            }),
        }
    }

    /// `'…'`, with doubled quotes inside.
    fn quoted(&mut self) -> Parsed<String> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(end) = self.rest().find('\'') else {
                return Err(Problem { at: start, message: "unclosed quote".to_owned() });
            };
            text.push_str(&self.rest()[..end]);
            self.at += end + 1;
            if !self.rest().starts_with('\'') {
                return Ok(text);
            }
            text.push('\'');
            self.at += 1;
        }
    }

    fn word(&mut self) -> Parsed<Expr> {
        let start = self.at;
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        let is_call = self.peek() == Some('(');
        match (word, is_call) {
            ("F", true) => self.field(),
            ("Duration", true) => self.duration(),
            ("true" | "True", false) => Ok(Expr::value(true)),
            ("false" | "False", false) => Ok(Expr::value(false)),
            ("NULL", false) => Ok(Expr::value(Value::Null)),
            (_, false) => {
                let message = format!("expected F({word}) for a field or '{word}' for a text but got {word}");
                Err(Problem { at: start, message })
            }
            (_, true) => self.call(start, word),
        }
    }

    /// `F(name)`, or `F('a name with ) in it')`.
    fn field(&mut self) -> Parsed<Expr> {
        self.expect('(')?;
        let start = self.at;
        let name = match self.peek() {
            Some('\'') => self.quoted()?,
            _ => {
                let end = self.rest().find(')').unwrap_or(self.rest().len());
                let name = self.rest()[..end].trim().to_owned();
                self.at += end;
                name
            }
        };
        if name.is_empty() {
            return Err(Problem { at: start, message: "expected the name of a field in F(…)".to_owned() });
        }
        self.expect(')')?;
        Ok(Expr::field(name))
    }

    /// `Duration('30 00:00:00')`: days, and hours, minutes and seconds.
    fn duration(&mut self) -> Parsed<Expr> {
        self.expect('(')?;
        let what = "a duration in quotes, as '30 00:00:00' or 'P30D'";
        if self.peek() != Some('\'') {
            return Err(self.expected(what));
        }
        let start = self.at;
        let text = self.quoted()?;
        self.expect(')')?;
        let wrong = |_| Problem { at: start, message: format!("expected {what} but got '{text}'") };
        DataType::Duration.coerce(text.as_str().into()).map(Expr::value).map_err(wrong)
    }

    fn call(&mut self, start: usize, word: &str) -> Parsed<Expr> {
        let Some((name, function, takes)) = function(word) else {
            let known: Vec<&str> = FUNCTIONS.iter().map(|(name, ..)| *name).collect();
            let message = format!("unknown function {word} (choices are F, Duration, {})", known.join(", "));
            return Err(Problem { at: start, message });
        };
        self.expect('(')?;
        let mut args = Vec::new();
        if !self.eat(')') {
            loop {
                args.push(self.sum()?);
                if !self.eat(',') {
                    break;
                }
            }
            self.expect(')')?;
        }
        if !takes.contains(&args.len()) {
            let (least, most) = (*takes.start(), *takes.end());
            let takes = match (least, most) {
                (0, 0) => "nothing".to_owned(),
                (1, 1) => "one value".to_owned(),
                (least, most) if least == most => format!("{least} values"),
                (least, 50) => format!("at least {least} values"),
                (least, most) => format!("{least} to {most} values"),
            };
            return Err(Problem { at: start, message: format!("{name} takes {takes}, not {},", args.len()) });
        }
        Ok(Expr::Function(function.clone(), args))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_expression() {
        for text in [
            "F(points)+100",
            "100 - F(points)",
            "Now()",
            "upper(F(name))",
            " (Now())",
            "-F(a)",
            "Duration('1')",
        ] {
            assert!(is_one(text), "{text}");
        }
        for text in
            ["", "100", "IF(x)", "my_F(x)", "chapter 'F(1)'", "F", "Nowhere()", "(F", "Now", "é(", "F (x)"]
        {
            assert!(!is_one(text), "{text}");
        }
    }

    #[test]
    fn operators_bind_as_in_arithmetic() {
        let shown = |text: &str| format!("{:?}", parse(text).unwrap());
        assert_eq!(shown("1+2*F(a)"), shown("1+(2*F(a))"));
        assert_eq!(shown("1-2-3"), shown("(1-2)-3"));
        assert_eq!(shown("-F(a)*2"), shown("(F(a) * -1)*2"));
        assert_ne!(shown("(1+2)*3"), shown("1+2*3"));
        assert_eq!(shown("F( a )"), shown("F('a')"));
        assert_eq!(
            shown("coalesce(F(a), 'it''s', NULL, -1.50, true)"),
            shown("Coalesce(F(a),'it''s',NULL,-1.5e0,True)")
        );
    }

    #[test]
    fn a_mark_shows_what_is_wrong() {
        let problem = |text: &str| parse(text).unwrap_err();
        assert_eq!(
            problem("F(points)+"),
            "expected a number, a 'text', F(field), a function or '(' but got the end at character 11\n  \
             F(points)+\n            ^\nQuote a text that contains F( or begins with a function: '…'"
        );
        for (text, message, at) in [
            ("F(é) é", "expected an operator or the end but got 'é'", 6),
            ("(F(a)", "expected ')' but got the end", 6),
            ("F(", "expected the name of a field in F(…)", 3),
            ("F(a", "expected ')' but got the end", 4),
            ("F(a) + points", "expected F(points) for a field or 'points' for a text but got points", 8),
            ("Concat(F(a), 'x)", "unclosed quote", 14),
            ("F(a) * 1.2.3", "expected a number of at most 28 digits but got '1.2.3'", 8),
            ("F(a) * 1e", "expected a number of at most 28 digits but got '1e'", 8),
            ("Upper(F(a), 2)", "Upper takes one value, not 2,", 1),
            ("Now(1)", "Now takes nothing, not 1,", 1),
            ("Round()", "Round takes 1 to 2 values, not 0,", 1),
            ("Coalesce(F(a))", "Coalesce takes at least 2 values, not 1,", 1),
            ("Duration(5)", "expected a duration in quotes, as '30 00:00:00' or 'P30D' but got '5'", 10),
            ("Duration('x')", "expected a duration in quotes, as '30 00:00:00' or 'P30D' but got 'x'", 10),
        ] {
            assert!(
                problem(text).starts_with(&format!("{message} at character {at}\n")),
                "{text}: {}",
                problem(text)
            );
        }
        assert!(
            problem("F(a) + Uper(F(b))").starts_with("unknown function Uper (choices are F, Duration, Abs, ")
        );
        assert!(problem(&"(".repeat(100_000)).starts_with("more than 200 terms at character 201\n"));
        assert!(problem(&"F(a)+".repeat(1_000)).starts_with("more than 200 terms"));
        assert!(problem(&"-".repeat(1_000)).starts_with("more than 200 terms"));
    }
}
