//! A plan as text, for people and for snapshot tests.

use std::fmt;

use crate::plan::{EachRow, Either, Gives, Plan, Step};
use crate::sql::{Param, Statement, shown};

/// The SQL of each step on lines of its own, with its parameters; `-- for each row` and the like say how it is run.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("-- nothing to do");
        }
        for (number, step) in self.steps.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            match step {
                Step::Run(statement, gives) => match gives {
                    Gives::Rows { are_written: false, .. } => {
                        write!(f, "-- the rows that come back\n{statement}")?
                    }
                    Gives::Duplicates | Gives::SeveralRows => {
                        write!(f, "-- a row refuses the batch\n{statement}")?
                    }
                    Gives::HalfWritten(_) => {
                        write!(f, "-- a row refuses the write, where a table has too few\n{statement}")?;
                    }
                    Gives::Missing { before: true, .. } => write!(f, "-- missing keys\n{statement}")?,
                    Gives::Missing { before: false, .. } => {
                        write!(f, "-- missing keys, if fewer rows matched\n{statement}")?;
                    }
                    _ => write!(f, "{statement}")?,
                },
                Step::Either(Either { ask, then, otherwise }) => {
                    write!(f, "-- if there is a row\n{ask}\n-- then\n{then}\n-- else\n{otherwise}")?;
                }
                Step::Load(load) => write!(f, "-- the rows of the batch follow\n{}", load.sql)?,
                Step::EachRow(rows) => {
                    let EachRow { write, keep, matches, old, .. } = rows;
                    for first in keep.iter().chain(old) {
                        write!(f, "-- for each row, first\n{}\n", shown(&first.sql))?;
                    }
                    write!(f, "-- for each row\n{}", shown(&write.sql))?;
                    if let Some(matches) = matches {
                        write!(f, "\n-- where nothing was written\n{}", shown(&matches.sql))?;
                    }
                }
                Step::EachChunk(chunks) => {
                    write!(f, "-- for each part of the batch\n{}", shown(&chunks.sql))?
                }
                Step::EachKeys(keys) => write!(f, "-- for each part of the keys\n{}", shown(&keys.sql))?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.sql))?;
        for (position, param) in self.params.iter().enumerate() {
            write!(f, "{}{param}", if position == 0 { "\n-- params: " } else { ", " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
