//! References of inserted rows that are set by a second write, as they were left out of the insert: the rows refer to each other.

use enmasse::{Error, ErrorKind, Q, QuerySet, Record, Transaction, Value};

use crate::apply::mapping::Mapping;
use crate::apply::transaction::Job;

/// The most keys of one query: of one column, and of several, which make a condition for each row.
const KEYS: usize = 500;
const COMPOSITE_KEYS: usize = 50;

impl Job<'_> {
    /// Sets what records refer to whose rows were inserted without that, and nothing else: a trigger may have set it. Gives how many
    /// of these rows are not found.
    ///
    /// # Errors
    ///
    /// One that is about rows where a reference is still NULL afterwards: a trigger or a row policy may skip this write, or change it.
    pub async fn set_references(&self, tx: &Transaction, records: &[Record]) -> Result<u64, Error> {
        let Mapping { model, columns, references, .. } = &**self.mapping;
        let only = records.iter().map(|record| self.mapping.references_of(record));
        let only = only.collect::<Result<Vec<_>, _>>()?;
        let update = self.update_fields(tx, only, &self.mapping.names_of(references)).only_set_fields();
        let report = update.count_missing().await?;
        for column in references.iter().map(|&column| &columns[column]) {
            let position = column.positions[0];
            let referring: Vec<&Record> =
                records.iter().filter(|record| !record.values()[position].is_null()).collect();
            let is_null = format!("{}__isnull", model.fields[position].name);
            for rows in self.mapping.conditions(&referring) {
                let is_lost = rows & Q::named(&is_null, true);
                if QuerySet::<Record>::of(model, tx).filter_by(is_lost).count().await? > 0 {
                    return Err(lost(&column.name, &model.table));
                }
            }
        }
        Ok(report.missing_count)
    }
}

fn lost(column: &str, table: &str) -> Error {
    Error::new(
        ErrorKind::Integrity,
        format!(
            "'{column}' refers to a row that refers back to this one, so it is set after the insert, and a trigger or a row policy of {table} \
             keeps it NULL"
        ),
    )
}

impl Mapping {
    /// Conditions that the rows of these records pass, each for some of them.
    fn conditions(&self, records: &[&Record]) -> Vec<Q> {
        let positions = self.key.iter().map(|&column| self.columns[column].positions[0]);
        let positions: Vec<usize> = positions.collect();
        let name = |position: usize| self.model.fields[position].name.as_str();
        if let [position] = positions[..] {
            let one_of = format!("{}__in", name(position));
            let key = |record: &&Record| record.values()[position].clone();
            let keys = |part: &[&Record]| part.iter().map(key).collect::<Vec<Value>>();
            return records.chunks(KEYS).map(|part| Q::named(&one_of, keys(part))).collect();
        }
        let is_it = |record: &&Record| {
            positions.iter().fold(Q::all(), |all, &position| {
                all & Q::named(name(position), record.values()[position].clone())
            })
        };
        let any = |part: &[&Record]| part.iter().map(is_it).reduce(|one, other| one | other);
        records.chunks(COMPOSITE_KEYS).filter_map(any).collect()
    }
}
