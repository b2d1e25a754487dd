//! Printing, and numbers in readable form.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Prints a line on standard output.
macro_rules! say {
    ($($line:tt)*) => { crate::output::print(&mut std::io::stdout(), format_args!($($line)*)) };
}

/// Prints a line on standard error.
macro_rules! tell {
    ($($line:tt)*) => { crate::output::print(&mut std::io::stderr(), format_args!($($line)*)) };
}

/// The number of lines being printed.
static PRINTING: AtomicUsize = AtomicUsize::new(0);

/// Whether a line is being printed. Printing blocks only if nobody reads the output.
pub fn is_printing() -> bool {
    PRINTING.load(SeqCst) > 0
}

/// Prints a line. A line that cannot be printed does not undo completed work: standard error reports it, if
/// possible.
pub fn print(to: &mut dyn Write, line: fmt::Arguments<'_>) {
    PRINTING.fetch_add(1, SeqCst);
    if let Err(error) = writeln!(to, "{line}").and_then(|()| to.flush())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        _ = writeln!(io::stderr(), "enmasse: cannot print: {error}");
    }
    PRINTING.fetch_sub(1, SeqCst);
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
