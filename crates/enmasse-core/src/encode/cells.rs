//! Cells that are bound one by one.

use crate::dialect::sqlite::codec;
use crate::encode::{self, CHUNK, Encoder};
use crate::error::{Error, Result};
use crate::value::{DataType, Value, ValueRef, json, short};

/// How many bytes a chunk has, about, whose keys came in no order: so many rows that several fall on each page of a large table, which is then
/// read and written once for all of them.
const UNORDERED: usize = 12 << 20;

/// A cell in the form in which SQLite takes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// Rows of cells in one buffer, as SQLite stores them.
#[derive(Debug)]
pub struct Cells {
    types: Vec<DataType>,
    chunk: Chunk,
    /// The first cell's key of each row of the chunk, where rows are wanted in its order.
    keys: Option<Vec<i64>>,
    /// Whether these ascend so far.
    in_order: bool,
    /// How many cells and bytes of texts and of bytes the last chunk had: the next will be of about the same size.
    room: [usize; 3],
}

/// Some rows of cells.
///
/// Texts and bytes stand in one buffer each, with their places in the cells: nothing is allocated for a row, and a text needs
/// no second look when it is read.
#[derive(Debug, Default)]
pub struct Chunk {
    width: usize,
    cells: Vec<Kept>,
    texts: String,
    bytes: Vec<u8>,
    /// The rows' keys and positions in the order of the keys; empty where the rows are in that order, or in none.
    order: Vec<(i64, u32)>,
}

/// A cell as it stands in a chunk.
#[derive(Clone, Copy, Debug)]
enum Kept {
    Null,
    Int(i64),
    Float(f64),
    Text(Place),
    Bytes(Place),
}

/// A place in a buffer.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: u32,
    end: u32,
}

impl From<Cell<'_>> for Value {
    fn from(cell: Cell<'_>) -> Self {
        match cell {
            Cell::Null => Value::Null,
            Cell::Int(number) => Value::Int(number),
            Cell::Float(number) => Value::Float(number),
            Cell::Text(text) => Value::Text(text.to_owned()),
            Cell::Bytes(bytes) => Value::Bytes(bytes.to_owned()),
        }
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    chunk: &'a Chunk,
    cells: &'a [Kept],
}

impl Chunk {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The rows, in the order of their keys where these are single integers, else in the order in which they came.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|position| {
            let position = self.order.get(position).map_or(position, |(_, position)| *position as usize);
            Row { chunk: self, cells: &self.cells[position * self.width..][..self.width] }
        })
    }

    fn reserve(&mut self, [cells, texts, bytes]: [usize; 3]) {
        self.cells.reserve(cells);
        self.texts.reserve(texts);
        self.bytes.reserve(bytes);
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.texts.clear();
        self.bytes.clear();
        self.order.clear();
    }

    fn size(&self) -> usize {
        self.cells.len() * size_of::<Kept>() + self.texts.len() + self.bytes.len()
    }

    fn text(&mut self, text: &str) -> Result<()> {
        let start = self.texts.len();
        self.texts.push_str(text);
        self.kept_text(start)
    }

    /// Adds the cell of the text that begins at `start`.
    fn kept_text(&mut self, start: usize) -> Result<()> {
        self.cells.push(Kept::Text(Place::new(start, self.texts.len())?));
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.cells.push(Kept::Bytes(Place::new(start, self.bytes.len())?));
        Ok(())
    }

    fn int(&mut self, number: i64) {
        self.cells.push(Kept::Int(number));
    }
}

impl Place {
    /// A chunk is taken when it is far smaller, so it is one row that is too long.
    fn new(start: usize, end: usize) -> Result<Self> {
        match (u32::try_from(start), u32::try_from(end)) {
            (Ok(start), Ok(end)) => Ok(Place { start, end }),
            _ => Err(Error::value("the row has more than 4 GiB, which SQLite cannot store.")),
        }
    }
}

impl<'a> Row<'a> {
    /// The cells, in the order of the columns.
    pub fn cells(self) -> impl ExactSizeIterator<Item = Cell<'a>> {
        let chunk = self.chunk;
        self.cells.iter().map(move |kept| match *kept {
            Kept::Null => Cell::Null,
            Kept::Int(number) => Cell::Int(number),
            Kept::Float(number) => Cell::Float(number),
            Kept::Text(place) => Cell::Text(&chunk.texts[place.start as usize..place.end as usize]),
            Kept::Bytes(place) => Cell::Bytes(&chunk.bytes[place.start as usize..place.end as usize]),
        })
    }
}

impl Cells {
    /// Rows with columns of these types; the first is the key where `integer_key` is set, and the rows of a chunk are then given in its order.
    pub fn new(types: Vec<DataType>, integer_key: bool) -> Self {
        let chunk = Chunk { width: types.len(), ..Chunk::default() };
        Cells { types, chunk, keys: integer_key.then(Vec::new), in_order: true, room: [0; 3] }
    }

    /// The positions of the rows in the order of their keys; nothing where they are in that order already.
    fn order(&mut self) {
        let Some(keys) = &mut self.keys else { return };
        if !self.in_order {
            self.chunk.order.extend(keys.iter().copied().zip(0..));
            self.chunk.order.sort_unstable();
        }
        keys.clear();
    }
}

impl Encoder for Cells {
    fn cell(&mut self, column: usize, value: &ValueRef<'_>) -> Result<()> {
        let data_type = &self.types[column];
        let chunk = &mut self.chunk;
        if chunk.cells.capacity() == 0 {
            chunk.reserve(self.room);
        }
        if value.is_null() {
            chunk.cells.push(Kept::Null);
        } else if value.is_prepared(data_type) {
            write(chunk, value)?;
        } else {
            let stored = codec::store(&value.borrowed().into_owned(), data_type)?;
            write(chunk, &(&stored).into())?;
        }
        if let (0, Some(keys)) = (column, &mut self.keys) {
            let key = match chunk.cells.last() {
                Some(Kept::Int(key)) => *key,
                _ => i64::MIN,
            };
            self.in_order &= keys.last().is_none_or(|last| *last <= key);
            keys.push(key);
        }
        Ok(())
    }

    fn end_row(&mut self) {}

    fn size(&self) -> usize {
        let keys = self.keys.as_ref().map_or(0, Vec::len);
        let order = if self.in_order { 0 } else { keys * size_of::<(i64, u32)>() };
        self.chunk.size() + keys * size_of::<i64>() + order
    }

    fn is_full(&self) -> bool {
        self.size() >= if self.in_order { CHUNK } else { UNORDERED }
    }

    fn take(&mut self) -> encode::Chunk {
        self.order();
        self.in_order = true;
        let next = Chunk { width: self.types.len(), ..Chunk::default() };
        let chunk = std::mem::replace(&mut self.chunk, next);
        // a little more: a buffer that is too small doubles
        self.room =
            [chunk.cells.len(), chunk.texts.len(), chunk.bytes.len()].map(|length| length + length / 16);
        encode::Chunk::Cells(chunk)
    }

    fn recycle(&mut self, chunk: encode::Chunk) {
        if let encode::Chunk::Cells(mut chunk) = chunk
            && self.chunk.is_empty()
        {
            chunk.clear();
            chunk.width = self.types.len();
            self.chunk = chunk;
        }
    }
}

/// Writes a value of its column's type as SQLite stores it; the rule is [`codec::store`].
fn write(chunk: &mut Chunk, value: &ValueRef<'_>) -> Result<()> {
    match value {
        ValueRef::Null => chunk.cells.push(Kept::Null),
        ValueRef::Bool(value) => chunk.int((*value).into()),
        ValueRef::Int(number) => chunk.int(*number),
        ValueRef::Float(number) => chunk.cells.push(Kept::Float(codec::float(*number)?)),
        ValueRef::Text(text) => chunk.text(text)?,
        ValueRef::Bytes(bytes) => chunk.bytes(bytes)?,
        ValueRef::DateTime(moment) => chunk.text(codec::datetime(moment.naive_utc())?.as_str())?,
        ValueRef::NaiveDateTime(moment) => chunk.text(codec::datetime(*moment)?.as_str())?,
        ValueRef::Date(date) => chunk.text(codec::date(*date)?.as_str())?,
        ValueRef::Time(time) => chunk.text(short::time(*time).as_str())?,
        ValueRef::Duration(length) => chunk.int(length.num_microseconds().unwrap_or(i64::MAX)),
        ValueRef::Decimal(number) => chunk.cells.push(Kept::Float(codec::decimal(*number)?)),
        ValueRef::DecimalText(text) => chunk.cells.push(Kept::Float(codec::decimal_text(text)?)),
        ValueRef::JsonText(text) => chunk.text(text)?,
        ValueRef::Uuid(uuid) => chunk.text(uuid.simple().encode_lower(&mut [0; 32]))?,
        ValueRef::Json(document) => {
            json::whole(document)?;
            let start = chunk.texts.len();
            json::push_json(&mut chunk.texts, document).expect("a String takes all");
            chunk.kept_text(start)?;
        }
        ValueRef::Array(_) | ValueRef::Owned(_) | ValueRef::Opaque(_) => {
            return Err(Error::value("SQLite takes no such value: it has not been stored first."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn rows(chunk: &encode::Chunk) -> Vec<Vec<Cell<'_>>> {
        let encode::Chunk::Cells(chunk) = chunk else { panic!("{chunk:?}") };
        let rows: Vec<Vec<Cell<'_>>> = chunk.rows().map(|row| row.cells().collect()).collect();
        assert_eq!(rows.len(), chunk.len());
        rows
    }

    fn add(cells: &mut Cells, row: &[Value]) {
        for (column, value) in row.iter().enumerate() {
            cells.cell(column, &value.into()).unwrap();
        }
        cells.end_row();
    }

    #[test]
    fn gives_rows_in_the_order_of_their_keys() {
        let mut cells = Cells::new(vec![DataType::BigInt, DataType::TEXT], true);
        for (key, text) in [(7, "seven"), (-1, ""), (5, "fünf")] {
            add(&mut cells, &[Value::Int(key), text.into()]);
        }
        let chunk = cells.take();
        assert_eq!(
            rows(&chunk),
            [
                [Cell::Int(-1), Cell::Text("")],
                [Cell::Int(5), Cell::Text("fünf")],
                [Cell::Int(7), Cell::Text("seven")],
            ]
        );
        cells.recycle(chunk);
        assert_eq!(cells.size(), 0);
        add(&mut cells, &[Value::Int(1), Value::Null]);
        assert_eq!(rows(&cells.take()), [[Cell::Int(1), Cell::Null]]);
        assert!(rows(&cells.finish()).is_empty());
    }

    #[test]
    fn gathers_more_rows_where_they_are_in_no_order() {
        let text = "x".repeat(CHUNK / 2);
        let mut cells = Cells::new(vec![DataType::BigInt, DataType::TEXT], true);
        for is_ordered in [true, false, true] {
            let keys = if is_ordered { [1, 2] } else { [2, 1] };
            for key in keys {
                add(&mut cells, &[Value::Int(key), text.as_str().into()]);
            }
            assert_eq!(cells.is_full(), is_ordered);
            cells.take();
        }
        for key in (0..100).rev() {
            add(&mut cells, &[Value::Int(key), text.as_str().into()]);
        }
        assert!(cells.is_full());
    }

    #[test]
    fn gives_rows_as_they_came() {
        let mut cells = Cells::new(vec![DataType::Bytes, DataType::Bool], false);
        add(&mut cells, &[Value::Bytes(vec![9, 0]), true.into()]);
        add(&mut cells, &[Value::Bytes(vec![]), false.into()]);
        assert!(cells.size() > 2);
        let found = cells.take();
        assert_eq!(rows(&found), [[Cell::Bytes(&[9, 0]), Cell::Int(1)], [Cell::Bytes(&[]), Cell::Int(0)]]);
    }

    #[test]
    fn refuses_what_sqlite_would_change() {
        let mut cells = Cells::new(vec![DataType::Double, DataType::DECIMAL], false);
        assert!(cells.cell(0, &ValueRef::Float(f64::NAN)).is_err());
        assert!(cells.cell(1, &ValueRef::Decimal("1.234567890123456".parse().unwrap())).is_err());
    }
}
