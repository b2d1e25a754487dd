//! A trigger may skip a row in one table of a chain and not in another, which leaves the row half written: that is refused.
//!
//! It is looked for only where a table had fewer rows written than were to be. A row that a part would not change is as good as not written there.

use crate::dialect::{Capability, Dialect};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::chain::ChainWrite;
use crate::plan::shown_key;
use crate::schema::ModelRef;
use crate::sql::Fragment;
use crate::value::{DataType, Value};

/// The error for a row of which a part was written and another was not.
pub fn half_written(model: &ModelRef, key: Vec<Value>) -> Error {
    let text = format!(
        "{} of {} would be written in some of its tables only: a trigger or a row policy keeps it as it is in the others.",
        model.name,
        shown_key(model, &model.key(), key)
    );
    Error::new(ErrorKind::Data, text)
}

impl ChainWrite<'_> {
    /// Whether a row can be half written: it is in several tables, and the database may skip it in one.
    pub(super) fn can_be_half(&self, dialect: &dyn Dialect) -> bool {
        self.parts.len() > 1 && dialect.supports(Capability::SkippedRows)
    }

    /// The type of the key of a row.
    pub(super) fn key_type(&self) -> DataType {
        self.model().fields[self.model().key()[0]].data_type.clone()
    }

    /// For each part whether it changes the row: 1 or 0, as `c0`, `c1`, ….
    pub(super) fn changes_of_parts(&mut self, dialect: &dyn Dialect) -> Result<Vec<Fragment>> {
        let mut changes = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            let mut pairs = Vec::new();
            for set in &part.set {
                let column = self.compiler.own_column(set.position);
                pairs.push((column, set.value.clone(), &self.query.model.fields[set.position].data_type));
            }
            changes.push(Fragment::format(
                &format!("CASE WHEN {{}} THEN 0 ELSE 1 END c{number}"),
                [dialect.unchanged(pairs)?],
            ));
        }
        Ok(changes)
    }

    /// For each part a condition that holds where its table has the new values of the row in `taken`.
    pub(super) fn has_values(&self, dialect: &dyn Dialect, taken: &str) -> Result<Vec<Fragment>> {
        let mut first = 0;
        let mut conditions = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            let own = part.own(dialect);
            let settings = part.settings(dialect, self.model(), taken, first);
            first += part.takes();
            let pairs = settings.into_iter().zip(&part.set).map(|((column, value), set)| {
                let column = Fragment::text(format!("{own}.{column}"));
                (column, value, &self.model().fields[set.position].data_type)
            });
            let table = part.table(dialect);
            let same = part.is_taken(dialect, number, taken);
            conditions.push(Fragment::format(
                &format!("EXISTS (SELECT 1 FROM {table} WHERE {same} AND {{}})"),
                [dialect.unchanged(pairs.collect())?],
            ));
        }
        Ok(conditions)
    }
}

/// A condition that holds for a row of which a part is written and another is not, of those parts that change it.
pub(super) fn is_half(parts: impl IntoIterator<Item = (Fragment, Fragment)>) -> Fragment {
    let (mut done, mut left) = (Vec::new(), Vec::new());
    for (changes, is_written) in parts {
        done.push(Fragment::format("{} AND {}", [changes.clone(), is_written.clone()]));
        left.push(Fragment::format("{} AND NOT {}", [changes, is_written]));
    }
    Fragment::format("({}) AND ({})", [Fragment::join(done, " OR "), Fragment::join(left, " OR ")])
}
