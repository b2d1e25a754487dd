//! What is printed, and numbers as people read them.

use std::fmt;
use std::io::{self, Write};

/// Prints a line on standard output.
macro_rules! say {
    ($($line:tt)*) => { crate::output::print(&mut std::io::stdout(), format_args!($($line)*)) };
}

/// Prints a line on standard error.
macro_rules! tell {
    ($($line:tt)*) => { crate::output::print(&mut std::io::stderr(), format_args!($($line)*)) };
}

/// Prints a line. What was done is done, whether or not anyone reads of it: where it cannot be printed, standard error says so, if it can.
pub fn print(to: &mut dyn Write, line: fmt::Arguments<'_>) {
    if let Err(error) = writeln!(to, "{line}").and_then(|()| to.flush())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        _ = writeln!(io::stderr(), "enmasse: cannot print: {error}");
    }
}

/// `42646` as `42,646`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
