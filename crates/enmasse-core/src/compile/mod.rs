//! Queries, conditions and expressions as SQL: names are resolved to columns and joins.

mod compare;
mod compiler;
pub mod expr;
mod express;
mod keyword;
pub mod lookup;
mod names;
mod results;
mod scope;
mod select;

pub(crate) use compiler::Compiler;
pub use keyword::Keyword;
pub(crate) use results::refuse_results;
pub use select::Selection;
