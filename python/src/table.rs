//! A Django model as the core has it, and how each of its columns is read from an object.

use std::collections::HashMap;

use enmasse_core::schema::{Auto, Field, Model, ModelRef, Parent, Schema};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::cell::Kind;
use crate::error::raised;
use crate::spec;

/// A model's own table: the name for messages, the label, the table, the links to its parents (label, field, column), its fields.
type GivenModel = (String, String, String, Vec<(String, String, String)>, Vec<GivenField>, Vec<Vec<String>>);

/// Name, column, type, whether it is of the primary key, whether it is unique, the least and the greatest number, whether writes set it to
/// their time.
type GivenField = (String, String, String, bool, bool, Option<(i64, i64)>, bool);

/// The attribute, what makes a plain value of any other, whether plain values are taken as they are, whether NULL is.
type GivenReader = (Py<PyString>, Py<PyAny>, bool, bool);

/// A model's tables, and how its columns are read from objects.
#[pyclass(frozen)]
pub struct Table {
    pub model: ModelRef,
    /// By the position of the field.
    pub readers: Vec<Option<Reader>>,
}

/// How a column is read from an object.
pub struct Reader {
    /// The object's attribute.
    pub attribute: Py<PyString>,
    /// The name that a dict has it by, where that is another.
    pub name: Py<PyString>,
    /// Makes a value of the column's kind of what is none.
    pub prepare: Py<PyAny>,
    pub kind: Kind,
    /// Whether a value of exactly the kind's type needs no preparation.
    pub takes_exact: bool,
    pub takes_null: bool,
}

#[pymethods]
impl Table {
    #[new]
    fn new(
        py: Python<'_>,
        label: &str,
        models: Vec<GivenModel>,
        mut readers: HashMap<String, GivenReader>,
    ) -> PyResult<Self> {
        let models = models.into_iter().map(made).collect::<PyResult<_>>()?;
        let schema = Schema::new(models).map_err(|error| raised(py, error))?;
        let model = schema.model(label).map_err(|error| raised(py, error))?;
        let mut by_position = Vec::new();
        for field in &model.fields {
            let Some((attribute, prepare, takes_exact, takes_null)) = readers.remove(&field.name) else {
                by_position.push(None);
                continue;
            };
            let kind = Kind::of(&field.data_type).ok_or_else(|| {
                PyValueError::new_err(format!("{}.{}: no cells of its type", model.name, field.name))
            })?;
            let attribute = PyString::intern(py, attribute.bind(py).to_str()?).unbind();
            let name = PyString::intern(py, &field.name).unbind();
            by_position.push(Some(Reader { attribute, name, prepare, kind, takes_exact, takes_null }));
        }
        Ok(Table { model, readers: by_position })
    }

    fn __repr__(&self) -> String {
        format!("<Table {}>", self.model.label)
    }
}

fn made((name, label, table, parents, fields, together): GivenModel) -> PyResult<Model> {
    let mut model = Model::new(name, table).label(label);
    for (label, link, column) in parents {
        let parent =
            Parent { model: label, link: Some(link), column: Some(column), related_name: Some("+".into()) };
        model = model.extends_by(parent);
    }
    for (name, column, data_type, primary_key, unique, range, is_auto) in fields {
        // whether NULL may stand there, the reader says, or the database
        let mut field = Field::new(name, spec::data_type(&data_type)?).column(column);
        if primary_key {
            field = field.primary_key();
        } else {
            field = field.null();
        }
        if unique {
            field = field.unique();
        }
        if is_auto {
            field = field.auto(Auto::OnWrite);
        }
        field.range = range;
        model = model.add(field);
    }
    for names in together {
        model = model.unique_together(names);
    }
    Ok(model)
}
