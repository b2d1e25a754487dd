//! What the derives make of structs, and what typed code says.

pub mod derive_visibility;
mod derived;
mod inheritance;
mod keywords;
mod managers;
mod typed_columns;
mod typed_live;
