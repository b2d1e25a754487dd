//! The columns of a batch.

use crate::encode::{BatchColumn, Duplicates};
use crate::value::Value;

/// Fields per mask column.
pub(crate) const BITS: usize = 63;

/// The columns of a batch.
#[derive(Clone, Debug)]
pub struct BatchShape {
    /// The columns: first the key, then the other fields, then the masks.
    pub columns: Vec<BatchColumn>,
    /// The model positions of the columns' fields; mask columns have none.
    pub positions: Vec<usize>,
    /// The number of mask columns at the end, whose bits say which fields a row sets.
    pub masks: usize,
    /// The number of key columns.
    pub key: usize,
    /// How duplicate keys are detected.
    pub duplicates: Duplicates,
}

impl BatchShape {
    /// The positions of the fields of a mask column's bits, lowest first.
    pub fn masked(&self, column: usize) -> &[usize] {
        let fields = &self.positions[self.key..];
        let first = (column - self.positions.len()) * BITS;
        &fields[first..fields.len().min(first + BITS)]
    }

    /// The values of a row of the batch for each of the model's fields; `None` for fields that it does not
    /// set.
    pub fn by_field(&self, fields: usize, mut row: Vec<Value>) -> Vec<Option<Value>> {
        let masks = row.split_off(self.positions.len().min(row.len()));
        let is_set = |column: usize| {
            let Some(bit) = column.checked_sub(self.key) else { return true };
            !matches!(masks.get(bit / BITS), Some(Value::Int(mask)) if mask & (1 << (bit % BITS)) == 0)
        };
        let mut said = vec![None; fields];
        for (column, (&position, value)) in self.positions.iter().zip(row).enumerate() {
            if is_set(column) {
                said[position] = Some(value);
            }
        }
        said
    }
}
