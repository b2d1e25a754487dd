#![allow(missing_docs)]
mod backend;
