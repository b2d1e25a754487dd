//! One column of a row group, value by value.

use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{
    AsBytes, BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type,
    Int64Type, Int96Type,
};
use ::parquet::errors::{ParquetError, Result};
use enmasse::Value;

use super::kind::{Kind, Unread};

/// Values read at a time.
const BATCH: usize = 1_024;

/// A column of any physical type.
pub enum Column {
    Bool(Batches<BoolType>),
    Int32(Batches<Int32Type>),
    Int64(Batches<Int64Type>),
    Int96(Batches<Int96Type>),
    Float(Batches<FloatType>),
    Double(Batches<DoubleType>),
    Bytes(Batches<ByteArrayType>),
    Fixed(Batches<FixedLenByteArrayType>),
}

impl Column {
    pub fn new(reader: ColumnReader, optional: bool) -> Self {
        use ColumnReader as From;
        match reader {
            From::BoolColumnReader(reader) => Column::Bool(Batches::new(reader, optional)),
            From::Int32ColumnReader(reader) => Column::Int32(Batches::new(reader, optional)),
            From::Int64ColumnReader(reader) => Column::Int64(Batches::new(reader, optional)),
            From::Int96ColumnReader(reader) => Column::Int96(Batches::new(reader, optional)),
            From::FloatColumnReader(reader) => Column::Float(Batches::new(reader, optional)),
            From::DoubleColumnReader(reader) => Column::Double(Batches::new(reader, optional)),
            From::ByteArrayColumnReader(reader) => Column::Bytes(Batches::new(reader, optional)),
            From::FixedLenByteArrayColumnReader(reader) => Column::Fixed(Batches::new(reader, optional)),
        }
    }

    /// Whether no row is left.
    pub fn is_at_end(&mut self) -> Result<bool> {
        match self {
            Column::Bool(column) => column.is_at_end(),
            Column::Int32(column) => column.is_at_end(),
            Column::Int64(column) => column.is_at_end(),
            Column::Int96(column) => column.is_at_end(),
            Column::Float(column) => column.is_at_end(),
            Column::Double(column) => column.is_at_end(),
            Column::Bytes(column) => column.is_at_end(),
            Column::Fixed(column) => column.is_at_end(),
        }
    }

    /// The next value; the inner error is a value that Enmasse cannot represent.
    pub fn next(&mut self, kind: Kind) -> Result<Result<Value, Unread>> {
        let bytes = |value: &[u8]| kind.bytes(value).map_err(|problem| Unread::of_bytes(problem, value));
        let value = match self {
            Column::Bool(column) => column.next()?.map(|value| Ok(Value::Bool(*value))),
            Column::Int32(column) => {
                column.next()?.map(|value| kind.int32(*value).map_err(|problem| Unread::of(problem, value)))
            }
            Column::Int64(column) => {
                column.next()?.map(|value| kind.int64(*value).map_err(|problem| Unread::of(problem, value)))
            }
            Column::Int96(column) => column.next()?.map(|value| {
                kind.int96(value.data()).map_err(|problem| Unread::of_bytes(problem, value.as_bytes()))
            }),
            Column::Float(column) => column.next()?.map(|value| Ok(Value::Float(f64::from(*value)))),
            Column::Double(column) => column.next()?.map(|value| Ok(Value::Float(*value))),
            Column::Bytes(column) => column.next()?.map(|value| bytes(value.data())),
            Column::Fixed(column) => column.next()?.map(|value| bytes(value.data())),
        };
        Ok(value.unwrap_or(Ok(Value::Null)))
    }
}

/// The values of a column; one batch is in memory.
pub struct Batches<T: DataType> {
    reader: ColumnReaderImpl<T>,
    /// Whether the column may have NULLs. Each row then has a level that says whether it has a value.
    optional: bool,
    values: Vec<T::T>,
    levels: Vec<i16>,
    rows: usize,
    next_row: usize,
    next_value: usize,
}

impl<T: DataType> Batches<T> {
    fn new(reader: ColumnReaderImpl<T>, optional: bool) -> Self {
        let (values, levels) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        Batches { reader, optional, values, levels, rows: 0, next_row: 0, next_value: 0 }
    }

    fn is_at_end(&mut self) -> Result<bool> {
        if self.next_row == self.rows {
            self.values.clear();
            self.levels.clear();
            let levels = Some(&mut self.levels);
            (self.rows, _, _) = self.reader.read_records(BATCH, levels, None, &mut self.values)?;
            (self.next_row, self.next_value) = (0, 0);
        }
        Ok(self.rows == 0)
    }

    fn next(&mut self) -> Result<Option<&T::T>> {
        let early = || ParquetError::EOF("a column has fewer values than rows".to_owned());
        if self.is_at_end()? {
            return Err(early());
        }
        let is_there = !self.optional || self.levels.get(self.next_row).ok_or_else(early)? > &0;
        self.next_row += 1;
        if !is_there {
            return Ok(None);
        }
        self.next_value += 1;
        self.values.get(self.next_value - 1).map(Some).ok_or_else(early)
    }
}
