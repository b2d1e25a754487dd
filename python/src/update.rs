//! A bulk update: what is asked, its plan, and its run.

use std::sync::Arc;

use chrono::Utc;
use enmasse_core::dialect::{Capability, Dialect};
use enmasse_core::plan::{
    Assignment, BulkUpdate, ChunkGives, Form, Missing, OnDuplicate, Plan, Returning, Step, bulk_update,
};
use enmasse_core::query::{Expr, FieldPath, HostSql, Q, Query};
use enmasse_core::run::{Callbacks, Next, Outcome, Run};
use enmasse_core::{DataType, Error, ErrorKind, Result};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::cell::{Classes, owned};
use crate::database::Database;
use crate::error::{kept, raised};
use crate::feed::Feed;
use crate::given;
use crate::host::Host;
use crate::table::Table;

/// A bulk update that is planned.
#[pyclass(frozen)]
pub struct Update {
    dialect: Arc<dyn Dialect>,
    table: Py<Table>,
    plan: Arc<Plan>,
    total: Option<u64>,
    /// Whether a row that is not written is known by its key alone.
    is_plain: bool,
    wants_missing: bool,
    /// Whether dicts and tuples are objects as all others.
    objects_only: bool,
    /// The parameters of the condition, which only the driver reads.
    opaque: Vec<Py<PyAny>>,
}

#[pymethods]
impl Update {
    /// Plans a bulk update of these fields.
    #[new]
    #[pyo3(signature = (
        database, table, fields, *, total=None, on_duplicate="refuse", missing="keys", matching_on=Vec::new(),
        skip_unchanged=false, returning="nothing", constants=Vec::new(), batch_size=None,
        objects_only=false, condition=None,
    ))]
    #[allow(clippy::too_many_arguments)] // of Python's, by name
    fn new(
        py: Python<'_>,
        database: &Database,
        table: Py<Table>,
        fields: Vec<String>,
        total: Option<u64>,
        on_duplicate: &str,
        missing: &str,
        matching_on: Vec<String>,
        skip_unchanged: bool,
        returning: &str,
        constants: Vec<(String, Bound<'_, PyAny>)>,
        batch_size: Option<usize>,
        objects_only: bool,
        condition: Option<(String, Vec<Bound<'_, PyAny>>)>,
    ) -> PyResult<Self> {
        let wants_missing = match missing {
            "keys" => true,
            "ignored" => false,
            other => return Err(PyValueError::new_err(format!("missing is {other:?}"))),
        };
        // where rows are sent one by one, keys are told at no cost, and a mere count needs a temporary table
        let is_told = wants_missing || database.0.supports(Capability::LocalCalls);
        let missing = if is_told { Missing::Keys } else { Missing::Count };
        let on_duplicate = match on_duplicate {
            "refuse" => OnDuplicate::Refuse,
            "first" => OnDuplicate::KeepFirst,
            "first_of_bytes" => OnDuplicate::KeepFirstOfBytes,
            other => return Err(PyValueError::new_err(format!("on_duplicate is {other:?}"))),
        };
        let returning = match returning {
            "nothing" => Returning::Nothing,
            "new" => Returning::New,
            "old" => Returning::OldAndNew,
            "changed" => Returning::Changed,
            other => return Err(PyValueError::new_err(format!("returning is {other:?}"))),
        };
        let mut query = Query::new(table.get().model.clone());
        let paths = |names: Vec<String>| names.into_iter().map(|name| FieldPath::new([name])).collect();
        let (fields, matching_on): (Vec<_>, Vec<_>) = (paths(fields), paths(matching_on));
        let classes = Classes::get(py)?;
        let is_filtered = condition.is_some();
        let mut opaque = Vec::new();
        if let Some((sql, params)) = condition {
            opaque.extend(params.into_iter().map(Bound::unbind));
            let sql = HostSql::format(&format!("({sql})"), 0).map_err(|error| raised(py, error))?;
            query = query.filtered(Q::Expr(Box::new(Expr::Host { sql, data_type: Some(DataType::Bool) })));
        }
        let mut set = Vec::new();
        for (name, value) in constants {
            let value = owned(classes, &value).map_err(|error| raised(py, error))?;
            set.push(Assignment { field: FieldPath::new([name]), value: Expr::value(value) });
        }
        let request = BulkUpdate {
            set: &set,
            matching_on: &matching_on,
            skip_unchanged,
            returning,
            missing,
            on_duplicate,
            rows: total,
            batch_size,
            ..BulkUpdate::new(&query, &fields, Utc::now())
        };
        let plan = bulk_update(&*database.0, &request).map_err(|error| raised(py, error))?;
        Ok(Update {
            dialect: database.0.clone(),
            table,
            plan: Arc::new(plan),
            total,
            is_plain: !skip_unchanged && returning == Returning::Nothing && !(is_filtered && wants_missing),
            wants_missing,
            objects_only,
            opaque,
        })
    }

    /// The SQL, for people.
    fn explain(&self) -> String {
        self.plan.to_string()
    }

    /// The names of the fields that a row carries: first those by which it is found, of which there are so many.
    #[getter]
    fn carried(&self) -> (Vec<String>, usize) {
        let Some(shape) = &self.plan.batch else { return (Vec::new(), 0) };
        let fields = &self.table.get().model.fields;
        (shape.positions.iter().map(|&position| fields[position].name.clone()).collect(), shape.key)
    }

    /// The names of all fields, in the order in which rows that come back have their values.
    #[getter]
    fn fields(&self) -> Vec<String> {
        self.table.get().model.fields.iter().map(|field| field.name.clone()).collect()
    }

    /// How the rows are carried: `copy`, `arrays` and so on.
    #[getter]
    fn engine(&self) -> &'static str {
        match self.plan.form() {
            None => "nothing",
            Some((Form::CopyBinary, _)) => "copy",
            Some((Form::LoadData, _)) => "load_data",
            Some((Form::Arrays, _)) => "arrays",
            Some((Form::Cells, _)) => "prepared",
            Some((Form::Stored, _)) => {
                let is_staged = self.plan.steps.iter().any(
                    |step| matches!(step, Step::EachChunk(chunks) if chunks.gives == ChunkGives::Nothing),
                );
                if is_staged { "inserts" } else { "values" }
            }
        }
    }

    /// Encodes these rows and sends nothing: what cannot travel is an error.
    fn check(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<()> {
        self.checked(rows).map_err(|error| raised(py, error))
    }

    /// Runs it with these rows: the host keeps bytes, begins, runs statements and ends.
    fn run<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        host: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let outcome = self.outcome(py, rows, host).map_err(|error| raised(py, error))?;
        let report = PyDict::new(py);
        report.set_item("matched", outcome.matched)?;
        report.set_item("changed", outcome.changed)?;
        report.set_item("skipped", outcome.skipped)?;
        report.set_item("left_out", outcome.left_out)?;
        report.set_item("missing_count", outcome.missing_count)?;
        let missing = outcome.missing.iter().map(|key| given::key(py, key)).collect::<PyResult<Vec<_>>>()?;
        report.set_item("missing", PyList::new(py, missing)?)?;
        let rows = outcome.returned.iter().map(|row| given::row(py, row)).collect::<PyResult<Vec<_>>>()?;
        report.set_item("rows", PyList::new(py, rows)?)?;
        Ok(report)
    }
}

impl Update {
    /// What reads the rows.
    fn feed<'a, 'py>(&'a self, rows: &Bound<'py, PyAny>) -> Result<Feed<'a, 'py>> {
        let shape = self.plan.batch.as_ref();
        let shape = shape.ok_or_else(|| Error::new(ErrorKind::Request, "the plan has no rows"))?;
        let carried = shape.columns.len() - shape.masks;
        let positions = &shape.positions[..carried];
        Feed::new(self.table.get(), positions, shape.key, rows, self.objects_only).map_err(kept)
    }

    fn checked(&self, rows: &Bound<'_, PyAny>) -> Result<()> {
        let mut feed = self.feed(rows)?;
        let mut callbacks = Callbacks::default();
        let model = &self.table.get().model;
        let mut run = Run::with_batch(self.dialect.clone(), model, self.plan.clone(), None, &mut callbacks);
        while let Some(batch) = run.batch() {
            match batch.next_chunk() {
                Next::Encode => feed.encode(&mut run)?,
                Next::Chunk(chunk, _) => batch.recycle(chunk),
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    fn outcome<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        host: &Bound<'py, PyAny>,
    ) -> Result<Outcome> {
        let table = self.table.get();
        let mut feed = self.feed(rows)?;
        let mut callbacks = Callbacks::default();
        let (model, plan) = (&table.model, self.plan.clone());
        let mut run = Run::with_batch(self.dialect.clone(), model, plan, self.total, &mut callbacks);
        let python = Host {
            python: host,
            dialect: &*self.dialect,
            is_plain: self.is_plain,
            wants_missing: self.wants_missing,
            opaque: &self.opaque,
        };
        python.encode(&self.plan, &mut run, &mut feed)?;
        let is_encoded = run.batch().is_some_and(|batch| batch.is_complete());
        let scope = match &self.plan.steps[..] {
            _ if run.stands_alone() => "statement",
            [Step::EachRow(_)] if is_encoded => "rows",
            _ => "steps",
        };
        let is_open = host.call_method1(intern!(py, "begin"), (scope,));
        if !is_open.and_then(|is_open| is_open.extract()).map_err(kept)? {
            run.without_transaction();
        }
        let done = python.drive(&mut run, &mut feed);
        match done {
            Ok(outcome) => {
                host.call_method1(intern!(py, "end"), (py.None(),)).map_err(kept)?;
                Ok(outcome)
            }
            Err(error) => {
                let raised = raised(py, error);
                host.call_method1(intern!(py, "end"), (raised.clone_ref(py),)).map_err(kept)?;
                Err(kept(raised))
            }
        }
    }
}
