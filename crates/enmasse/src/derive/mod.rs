//! What derives and macros are to a program, and what the code that they write needs.

pub mod macros;
#[doc(hidden)]
pub mod private;
