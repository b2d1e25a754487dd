//! A plan as text, for people and for snapshot tests.

use std::fmt;

use crate::plan::{Plan, Step, WriteEither, WriteRows};
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
                Step::Prepare(statement) | Step::Write(statement) | Step::WriteCounted(statement) => {
                    write!(f, "{statement}")?;
                }
                Step::WriteEither(WriteEither { ask, then, otherwise }) => {
                    write!(f, "-- if there is a row\n{ask}\n-- then\n{then}\n-- else\n{otherwise}")?;
                }
                Step::WriteReturning(statement, _) => write!(f, "{statement}")?,
                Step::WriteAccounted { statement, .. } => write!(f, "{statement}")?,
                Step::WriteTables(write) => write!(f, "{}", write.statement)?,
                Step::WriteTable(write) => write!(f, "{}", write.statement)?,
                Step::StageRows(insert) => write!(f, "-- for each row\n{}", insert.sql)?,
                Step::Return(statement, _) => write!(f, "-- the rows that come back\n{statement}")?,
                Step::Stage(stage) => write!(f, "-- the rows of the batch follow\n{}", stage.sql)?,
                Step::WriteRows(rows) => {
                    let WriteRows { write, keep, matches, old, .. } = rows;
                    if let Some(keep) = keep {
                        write!(f, "-- for each row, first\n{}\n", keep.sql)?;
                    }
                    if let Some(old) = old {
                        write!(f, "-- for each row, first\n{}\n", old.sql)?;
                    }
                    write!(f, "-- for each row\n{}", write.sql)?;
                    if let Some(matches) = matches {
                        write!(f, "\n-- where nothing was written\n{}", matches.sql)?;
                    }
                }
                Step::WriteBulk(bulk) => {
                    write!(f, "-- for the rows of each part of the batch\n{}", bulk.write.sql)?
                }
                Step::WriteParts(parts) => write!(f, "-- for each part of the batch\n{}", parts.sql)?,
                Step::WriteKeys(keys) => write!(f, "-- for each part of the keys\n{}", keys.sql)?,
                Step::InsertEach(rows) => write!(f, "-- for each row\n{}", rows.sql)?,
                Step::Insert { statements, .. } => {
                    write!(f, "-- for each part of the batch\n{}", statements.sql)?;
                }
                Step::RefuseDuplicates(statement) => write!(f, "-- a row refuses the batch\n{statement}")?,
                Step::RefuseSeveral(statement) => write!(f, "-- a row refuses the batch\n{statement}")?,
                Step::FindMissing { statement, always: true, .. } => {
                    write!(f, "-- missing keys\n{statement}")?
                }
                Step::FindMissing { statement, always: false, .. } => {
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
