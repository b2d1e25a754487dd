//! How much of a file may be in memory at a time, so that no file can make the program take more than some tens of MiB: each limit has an
//! error that names it.

use super::cell::Problem;

/// The most columns that a file may have, and the most cells or keys of a row.
pub const COLUMNS: usize = 65_536;

/// How deep the arrays and objects of a JSON document may be nested.
pub const NESTING: usize = 128;

/// The largest window of zstd that is kept, as a power of two: that of its levels up to 19 is a quarter of it.
pub const ZSTD_WINDOW: u32 = 25;

const MIB: usize = 1 << 20;

/// The limits that grow with what the user allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes a row may have in the file, and how many the names of all columns.
    pub row: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits::of_row(Limits::ROW)
    }
}

impl Limits {
    /// The MiB that a row may have, unless more are allowed.
    pub const ROW: u32 = 4;

    pub fn of_row(mib: u32) -> Self {
        Limits { row: mib as usize * MIB }
    }

    /// Practically none, for what the program itself has written: it may be longer than the row that it is of.
    pub fn none() -> Self {
        Limits { row: usize::MAX / 16 }
    }

    /// How many bytes a JSON document may take when it is taken apart, of which there may be many more than it has in the file.
    pub fn document(self) -> usize {
        self.row * 2
    }

    /// How many bytes a Parquet file's footer may have, which takes several times as many in memory.
    pub fn footer(self) -> usize {
        self.row * 2
    }

    pub fn footer_too_long(self) -> String {
        format!("its footer is longer than {} MiB; --max-row allows more.", self.footer() / MIB)
    }

    /// How many bytes of a Parquet file's pages may be held, of all columns together.
    pub fn pages(self) -> usize {
        self.row * 12
    }

    /// What is wrong with a row that is too long.
    pub fn row_too_long(self) -> Problem {
        format!("the row is longer than {} MiB; --max-row allows more.", self.row / MIB)
    }

    /// What is wrong with names that are too long.
    pub fn names_too_long(self) -> Problem {
        format!(
            "the names of its columns have more than {} MiB in all; --max-row allows more.",
            self.row / MIB
        )
    }

    pub fn document_too_large(self) -> Problem {
        format!(
            "the JSON document has too many values: taken apart it needs more than {} MiB; --max-row allows more.",
            self.document() / MIB
        )
    }

    pub fn pages_too_large(self) -> String {
        format!(
            "the pages of its columns need more than {} MiB at a time: write them smaller, read fewer columns, as by --only, or let \
             --max-row allow more",
            self.pages() / MIB
        )
    }
}

pub fn too_many_columns() -> Problem {
    format!("has more than {COLUMNS} columns, and no more can be read.")
}

pub fn nested_too_deep() -> Problem {
    format!("the JSON document is nested more than {NESTING} deep.")
}
