//! A plan as text, for people and for snapshot tests.

use std::fmt;

use crate::plan::{Plan, Step};
use crate::sql::{Param, Statement};

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
                Step::Prepare(statement) | Step::Write(statement) => write!(f, "{statement}")?,
                Step::WriteEach(rows) => write!(f, "-- for each row\n{}", rows.sql)?,
                Step::Load(statements) | Step::WriteChunks(statements) | Step::Insert { statements, .. } => {
                    write!(f, "-- for each part of the batch\n{}", statements.sql)?;
                }
                Step::RefuseDuplicates(statement) => write!(f, "-- a row refuses the batch\n{statement}")?,
                Step::FindMissing { statement, always: true } => write!(f, "-- missing keys\n{statement}")?,
                Step::FindMissing { statement, always: false } => {
                    write!(f, "-- missing keys, if fewer rows matched\n{statement}")?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql)?;
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
