//! The rows of a batch: objects, dicts and tuples, read and given to the encoder.

use enmasse_core::encode::{Added, BatchEncoder};
use enmasse_core::plan::duplicate_keys;
use enmasse_core::run::Run;
use enmasse_core::schema::ModelRef;
use enmasse_core::{Error, ErrorKind, Result, Value, ValueRef};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyTuple};

use crate::cell::Classes;
use crate::error::kept;
use crate::table::{Reader, Table};

/// The rows of a batch on their way to the encoder.
pub struct Feed<'a, 'py> {
    rows: Bound<'py, PyIterator>,
    /// The row after those that were given, where it was taken already.
    next: Option<Bound<'py, PyAny>>,
    model: ModelRef,
    /// For each column of the batch, how it is read.
    columns: Vec<&'a Reader>,
    positions: Vec<usize>,
    /// How many of the columns are the key.
    key: usize,
    /// Whether dicts and tuples are objects as all others.
    objects_only: bool,
    cells: Vec<Bound<'py, PyAny>>,
    classes: &'static Classes,
    py: Python<'py>,
}

impl<'a, 'py> Feed<'a, 'py> {
    /// The rows for the columns of a batch that are of the fields at these positions, those of the key first.
    pub fn new(
        table: &'a Table,
        positions: &[usize],
        key: usize,
        rows: &Bound<'py, PyAny>,
        objects_only: bool,
    ) -> PyResult<Self> {
        let py = rows.py();
        let reader = |position: &usize| {
            table.readers[*position].as_ref().ok_or_else(|| {
                let name = &table.model.fields[*position].name;
                pyo3::exceptions::PyValueError::new_err(format!("nothing says how {name} is read"))
            })
        };
        Ok(Feed {
            rows: rows.try_iter()?,
            next: None,
            model: table.model.clone(),
            columns: positions.iter().map(reader).collect::<PyResult<_>>()?,
            positions: positions.to_vec(),
            key,
            objects_only,
            cells: Vec::with_capacity(positions.len()),
            classes: Classes::get(py)?,
            py,
        })
    }

    /// Has rows encoded until the encoder is full.
    pub fn encode(&mut self, run: &mut Run<'_>) -> Result<()> {
        match run.batch() {
            Some(batch) => batch.encode(|encoder| self.fill(encoder)),
            None => Ok(()),
        }
    }

    /// Adds rows until the encoder is full; says whether there are more.
    fn fill(&mut self, encoder: &mut BatchEncoder) -> Result<bool> {
        while let Some(row) = self.take()? {
            if encoder.is_full() {
                self.next = Some(row);
                return Ok(true);
            }
            self.read(&row).map_err(|error| self.placed(error))?;
            let (cells, columns, classes) = (&self.cells, &self.columns, self.classes);
            let added = encoder.row(|column| {
                let value = classes.borrowed(&columns[column].kind, &cells[column]);
                value.map_err(|error| self.named(error, column))
            });
            match added.map_err(|error| self.placed(error))? {
                Added::Yes | Added::LeftOut => {}
                Added::KeyIsNull => {
                    let text = "All bulk_update() objects must have a primary key set.";
                    return Err(Error::new(ErrorKind::Unsaved, text));
                }
                Added::Twice => {
                    let key = self.key_values();
                    let positions = &self.positions[..self.key];
                    return Err(duplicate_keys(&self.model, positions, std::iter::once(key)));
                }
            }
        }
        Ok(false)
    }

    fn take(&mut self) -> Result<Option<Bound<'py, PyAny>>> {
        match self.next.take() {
            Some(row) => Ok(Some(row)),
            None => self.rows.next().transpose().map_err(kept),
        }
    }

    /// Reads the cells of a row.
    fn read(&mut self, row: &Bound<'py, PyAny>) -> Result<()> {
        self.cells.clear();
        let is_dict = !self.objects_only && row.is_instance_of::<PyDict>();
        let is_list = !(self.objects_only || is_dict)
            && (row.is_instance_of::<PyTuple>() || row.is_instance_of::<PyList>());
        if is_list {
            let given = row.len().map_err(kept)?;
            if given != self.columns.len() {
                let names: Vec<_> = self
                    .positions
                    .iter()
                    .map(|&position| self.model.fields[position].name.as_str())
                    .collect();
                return Err(Error::new(
                    ErrorKind::Request,
                    format!(
                        "A row has {given} values where {} are wanted: {}.",
                        names.len(),
                        names.join(", ")
                    ),
                ));
            }
        }
        for (number, column) in self.columns.iter().enumerate() {
            let cell = if is_dict {
                item(row, column, self.key == 1 && number == 0).map_err(kept)?
            } else if is_list {
                row.get_item(number).map_err(kept)?
            } else {
                row.getattr(column.attribute.bind(self.py)).map_err(kept)?
            };
            let cell = if column.takes_exact && self.classes.is_exact(&column.kind, &cell) {
                cell
            } else {
                column.prepare.bind(self.py).call1((cell,)).map_err(kept)?
            };
            if cell.is_none() && number >= self.key && !column.takes_null {
                let field = &self.model.fields[self.positions[number]].name;
                let text = format!("{}.{field}: NULL may not stand in it.", self.model.name);
                return Err(Error::new(ErrorKind::Integrity, text));
            }
            self.cells.push(cell);
        }
        Ok(())
    }

    /// The error with the name of the column.
    fn named(&self, error: Error, column: usize) -> Error {
        let name = &self.model.fields[self.positions[column]].name;
        error.at(format_args!("{}.{name}", self.model.name))
    }

    /// The error with the key of the row that was read last.
    fn placed(&self, error: Error) -> Error {
        if self.cells.len() < self.key || !error.keys().is_empty() {
            return error;
        }
        error.with_keys(vec![self.key_values()])
    }

    fn key_values(&self) -> Vec<Value> {
        let value = |(column, cell): (&&Reader, &Bound<'py, PyAny>)| {
            self.classes.borrowed(&column.kind, cell).map_or(Value::Null, ValueRef::into_owned)
        };
        self.columns[..self.key].iter().zip(&self.cells).map(value).collect()
    }
}

/// The item of a dict by the field's name, or by its attribute's; of a key of one field, also by `pk`.
fn item<'py>(row: &Bound<'py, PyAny>, column: &Reader, is_key: bool) -> PyResult<Bound<'py, PyAny>> {
    let py = row.py();
    let dict = row.cast::<PyDict>()?;
    for name in [&column.name, &column.attribute] {
        if let Some(value) = dict.get_item(name.bind(py))? {
            return Ok(value);
        }
    }
    if is_key && let Some(value) = dict.get_item(intern!(py, "pk"))? {
        return Ok(value);
    }
    Err(pyo3::exceptions::PyKeyError::new_err(column.name.bind(py).to_string()))
}
