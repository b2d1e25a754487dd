//! Limits on how much of a file is in memory, so that no file makes the program use more than some tens of
//! MiB. The error of each limit names it.

use super::cell::Problem;

/// Maximum number of columns of a file, and of cells or keys of a row.
pub const COLUMNS: usize = 65_536;

/// Maximum nesting of the arrays and objects of a JSON document.
pub const NESTING: usize = 128;

/// Maximum window of zstd, as a power of two. Levels up to 19 use at most a quarter of it.
pub const ZSTD_WINDOW: u32 = 25;

const MIB: usize = 1 << 20;

/// The limits that grow with --max-row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum bytes of a row in the file, and of the names of all columns.
    pub row: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits::of_row(Limits::ROW)
    }
}

impl Limits {
    /// The default maximum of a row, in MiB.
    pub const ROW: u32 = 4;

    pub fn of_row(mib: u32) -> Self {
        Limits { row: mib as usize * MIB }
    }

    /// Practically no limit, for rows that the program itself has written: these may be longer than the
    /// original row.
    pub fn none() -> Self {
        Limits { row: usize::MAX / 16 }
    }

    /// Maximum bytes of a parsed JSON document, which may be larger than its text.
    pub fn document(self) -> usize {
        self.row * 2
    }

    /// Maximum bytes of a Parquet file's footer, which takes several times as much memory.
    pub fn footer(self) -> usize {
        self.row * 2
    }

    pub fn footer_too_long(self) -> String {
        format!("its footer is longer than {} MiB; --max-row allows more.", self.footer() / MIB)
    }

    /// Maximum bytes of a Parquet file's pages in memory, for all columns together.
    pub fn pages(self) -> usize {
        self.row * 12
    }

    /// The problem with a row that is too long.
    pub fn row_too_long(self) -> Problem {
        format!("the row is longer than {} MiB; --max-row allows more.", self.row / MIB)
    }

    /// The problem with names that are too long.
    pub fn names_too_long(self) -> Problem {
        format!(
            "the names of its columns have more than {} MiB in all; --max-row allows more.",
            self.row / MIB
        )
    }

    pub fn document_too_large(self) -> Problem {
        format!(
            "the JSON document has too many values: parsed, it needs more than {} MiB; --max-row allows more.",
            self.document() / MIB
        )
    }

    pub fn pages_too_large(self) -> String {
        format!(
            "the pages of its columns need more than {} MiB at a time: write smaller pages, read fewer columns with --only, or let \
             --max-row allow more",
            self.pages() / MIB
        )
    }
}

pub fn too_many_columns() -> Problem {
    format!("has more than {COLUMNS} columns, which is the maximum.")
}

pub fn nested_too_deep() -> Problem {
    format!("the JSON document is nested more than {NESTING} levels deep.")
}
