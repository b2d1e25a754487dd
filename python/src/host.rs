//! The host of the core's runner: what it asks for, the Python half does on Django's connection.

use enmasse_core::dialect::Dialect;
use enmasse_core::encode::Cell;
use enmasse_core::encode::{CellsChunk, CellsRow, Chunk};
use enmasse_core::plan::{EachRow, Form, Plan};
use enmasse_core::run::{
    Affected, Answer, Ask, Next, Outcome, Reading, Row, RowHost, RowsWritten, Run, Unfit, Which, load_row,
};
use enmasse_core::sql::{Bind, RowStatement, Statement};
use enmasse_core::{DataType, Error, ErrorKind, Result, Value};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyIndexError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::cell::{Classes, owned};
use crate::error::kept;
use crate::feed::Feed;
use crate::given;

/// Rows that one call of `executemany` binds.
const ROWS: usize = 2_000;

/// The Python half.
pub struct Host<'a, 'py> {
    pub python: &'a Bound<'py, PyAny>,
    pub dialect: &'a dyn Dialect,
    /// Whether a row that is not written is known by its key alone, so that rows may be sent many at a time.
    pub is_plain: bool,
    /// Whether missing keys are wanted.
    pub wants_missing: bool,
    /// Parameters that only the driver reads, by their numbers.
    pub opaque: &'a [Py<PyAny>],
}

impl<'py> Host<'_, 'py> {
    fn py(&self) -> Python<'py> {
        self.python.py()
    }

    /// Has the rows encoded that can be before the first statement: all of a stream, for which no statement can be run in between, or
    /// the first chunk.
    pub fn encode(&self, plan: &Plan, run: &mut Run<'_>, feed: &mut Feed<'_, 'py>) -> Result<()> {
        if !matches!(plan.form(), Some((Form::CopyBinary | Form::LoadData, _))) {
            return feed.encode(run);
        }
        loop {
            let Some(batch) = run.batch() else { return Ok(()) };
            match batch.next_chunk() {
                Next::Encode => feed.encode(run)?,
                Next::Chunk(Chunk::Bytes(bytes), _) => {
                    let bytes = PyBytes::new(self.py(), &bytes);
                    self.python.call_method1(intern!(self.py(), "keep"), (bytes,)).map_err(kept)?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// Goes through the plan.
    pub fn drive(&self, run: &mut Run<'_>, feed: &mut Feed<'_, 'py>) -> Result<Outcome> {
        let mut answer = Answer::Begin;
        loop {
            let done = match run.next(answer)? {
                Ask::Execute(statement) => self.execute(&statement).map(Answer::Affected),
                Ask::Query(statement, columns) => {
                    self.query(&statement, &columns, Reading::Exact).map(Answer::Rows)
                }
                Ask::Stream(statement, columns, reading) => {
                    let rows = self.query(&statement, &columns, reading)?;
                    rows.into_iter().try_for_each(|row| run.row(row)).map(|()| Answer::Done)
                }
                Ask::Encode => feed.encode(run).map(|()| Answer::Done),
                Ask::Load(load) => {
                    let load = self.python.call_method1(intern!(self.py(), "load"), (load.sql,));
                    load.map(|_| Answer::Done).map_err(kept)
                }
                Ask::EachRow(step) => self.write_rows(&step, run, feed).map(Answer::RowsWritten),
                Ask::Finished(outcome) => return Ok(outcome),
                other => Err(Error::new(ErrorKind::NotSupported, format!("no driver does this: {other:?}"))),
            };
            answer = done.map_err(|error| run.failed(error))?;
        }
    }

    fn execute(&self, statement: &Statement) -> Result<Affected> {
        let (sql, params) = self.bound(statement)?;
        let rows = self.python.call_method1(intern!(self.py(), "execute"), (sql, params)).map_err(kept)?;
        let (rows, changed): (i64, Option<u64>) = rows.extract().map_err(kept)?;
        Ok(Affected { rows: rows.max(0) as u64, changed, ..Affected::default() })
    }

    fn query(&self, statement: &Statement, columns: &[DataType], reading: Reading) -> Result<Vec<Row>> {
        let (sql, params) = self.bound(statement)?;
        let rows = self.python.call_method1(intern!(self.py(), "query"), (sql, params)).map_err(kept)?;
        let mut all = Vec::new();
        for row in rows.try_iter().map_err(kept)? {
            let raw = self.raw(&row.map_err(kept)?, columns)?;
            let raw = raw.into_iter().map(Ok::<Value, Unfit>);
            all.push(load_row(self.dialect, raw, columns, reading)?);
        }
        Ok(all)
    }

    /// The values of a row as the driver has them; documents stay texts, as whoever reads them is to read the numbers in them.
    fn raw(&self, row: &Bound<'py, PyAny>, columns: &[DataType]) -> Result<Row> {
        let classes = Classes::get(self.py()).map_err(kept)?;
        let row = row.cast::<PyTuple>().map_err(|error| kept(error.into()))?;
        let values = row.iter().enumerate().map(|(position, value)| {
            Ok(match (owned(classes, &value)?, columns.get(position)) {
                (Value::Text(text), Some(DataType::Json)) => Value::JsonText(text),
                (value, _) => value,
            })
        });
        values.collect()
    }

    fn bound<'s>(&self, statement: &'s Statement) -> Result<(&'s str, Bound<'py, PyList>)> {
        let params = statement.params.iter().map(|param| self.param(&param.value));
        let params = params.collect::<PyResult<Vec<_>>>().and_then(|params| PyList::new(self.py(), params));
        Ok((&statement.sql, params.map_err(kept)?))
    }

    /// A stored value as the driver takes it.
    fn param(&self, value: &Value) -> PyResult<Bound<'py, PyAny>> {
        if let Value::Opaque(number) = value {
            let param = self.opaque.get(*number as usize);
            return param
                .map(|param| param.bind(self.py()).clone())
                .ok_or_else(|| PyIndexError::new_err(format!("the condition has no parameter {number}")));
        }
        let given = given::param(self.py(), value)?;
        match value {
            Value::Encoded(_) => self.python.call_method1(intern!(self.py(), "encoded"), (given,)),
            _ => Ok(given),
        }
    }

    /// Runs a prepared statement for each row.
    fn write_rows(&self, step: &EachRow, run: &mut Run<'_>, feed: &mut Feed<'_, 'py>) -> Result<RowsWritten> {
        let is_plain = step.keep.is_none() && step.old.is_none() && step.returned.is_empty();
        if !(is_plain && self.is_plain) {
            return run.each_row(step, &mut Statements { host: self, step }, |run| feed.encode(run));
        }
        let mut written = RowsWritten::default();
        loop {
            let Some(batch) = run.batch() else { return Ok(written) };
            match batch.next_chunk() {
                Next::Chunk(Chunk::Cells(cells), _) => {
                    self.write_chunk(step, &cells, &mut written)?;
                    if let Some(batch) = run.batch() {
                        batch.recycle(Chunk::Cells(cells));
                    }
                }
                Next::Encode => feed.encode(run)?,
                _ => return Ok(written),
            }
        }
    }

    fn write_chunk(&self, step: &EachRow, cells: &CellsChunk, written: &mut RowsWritten) -> Result<()> {
        let mut rows = cells.rows().peekable();
        while rows.peek().is_some() {
            let some: Vec<_> = rows.by_ref().take(ROWS).collect();
            let tuples = some.iter().map(|row| self.tuple(&step.write, *row));
            let tuples = tuples.collect::<PyResult<Vec<_>>>().and_then(|rows| PyList::new(self.py(), rows));
            let given = (step.write.sql.as_str(), tuples.map_err(kept)?);
            let count = self.python.call_method1(intern!(self.py(), "execute_many"), given).map_err(kept)?;
            let count = count.extract::<i64>().map_err(kept)?.max(0) as u64;
            written.matched += count;
            written.changed += count;
            if count < some.len() as u64 && self.wants_missing && step.counts && step.missing {
                let mut statements = Statements { host: self, step };
                for row in some {
                    if step.matches.is_some() && statements.first(Which::Matches, row)?.is_none() {
                        written.missing.push(row.cells().map(Value::from).collect());
                    }
                }
            }
        }
        Ok(())
    }

    fn tuple(&self, statement: &RowStatement, row: CellsRow<'_>) -> PyResult<Bound<'py, PyTuple>> {
        let py = self.py();
        let cells: Vec<_> = row.cells().collect();
        let bound = statement.binds.iter().map(|bind| match bind {
            Bind::Param(param) => self.param(&param.value),
            Bind::Cell(column) => Ok(match cells[*column] {
                Cell::Null => py.None().into_bound(py),
                Cell::Int(number) => PyInt::new(py, number).into_any(),
                Cell::Float(number) => PyFloat::new(py, number).into_any(),
                Cell::Text(text) => PyString::new(py, text).into_any(),
                Cell::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
            }),
        });
        PyTuple::new(py, bound.collect::<PyResult<Vec<_>>>()?)
    }
}

/// The statements of a row.
struct Statements<'h, 'a, 'py> {
    host: &'h Host<'a, 'py>,
    step: &'h EachRow,
}

impl Statements<'_, '_, '_> {
    fn run<R>(
        &self,
        method: &str,
        which: Which,
        row: CellsRow<'_>,
        read: impl FnOnce(&Bound<'_, PyAny>) -> Result<R>,
    ) -> Result<R> {
        let statement = self.step.statement(which);
        let statement = statement.ok_or_else(|| Error::new(ErrorKind::Request, "no such statement"))?;
        let tuple = self.host.tuple(statement, row).map_err(kept)?;
        let sql = statement.sql.as_str().into_bound_py_any(self.host.py()).map_err(kept)?;
        read(&self.host.python.call_method1(method, (sql, tuple)).map_err(kept)?)
    }
}

impl RowHost for Statements<'_, '_, '_> {
    fn execute(&mut self, which: Which, row: CellsRow<'_>) -> Result<u64> {
        self.run("execute_row", which, row, |count| Ok(count.extract::<i64>().map_err(kept)?.max(0) as u64))
    }

    fn first(&mut self, which: Which, row: CellsRow<'_>) -> Result<Option<(Row, u64)>> {
        let rows = self.run("query_row", which, row, |rows| Ok(rows.clone().unbind()))?;
        let rows = rows.bind(self.host.py()).cast::<PyList>().map_err(|error| kept(error.into()))?;
        let Ok(first) = rows.get_item(0) else { return Ok(None) };
        Ok(Some((self.host.raw(&first, &self.step.returned)?, rows.len() as u64)))
    }
}
