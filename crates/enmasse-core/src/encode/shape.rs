//! What the rows of a batch carry.

use crate::encode::{BatchColumn, Duplicates};
use crate::value::Value;

/// How many fields one column of masks stands for.
pub(crate) const BITS: usize = 63;

/// What the rows of a batch carry.
#[derive(Clone, Debug)]
pub struct BatchShape {
    /// The columns: those of the key, of the other fields, and the masks.
    pub columns: Vec<BatchColumn>,
    /// The positions in the model of the fields that the columns are of: the masks, at the end, are of none.
    pub positions: Vec<usize>,
    /// How many columns at the end say, bit by bit, which of the fields a row sets.
    pub masks: usize,
    /// How many columns are the key.
    pub key: usize,
    /// How a key that comes twice is found.
    pub duplicates: Duplicates,
}

impl BatchShape {
    /// The positions of the fields that the bits of a column of masks stand for, from the lowest.
    pub fn masked(&self, column: usize) -> &[usize] {
        let fields = &self.positions[self.key..];
        let first = (column - self.positions.len()) * BITS;
        &fields[first..fields.len().min(first + BITS)]
    }

    /// What a row of the batch says of each field of its model, which has so many: a value, or nothing.
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
