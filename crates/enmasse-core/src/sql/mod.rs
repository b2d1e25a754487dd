//! Pieces of SQL with their parameters.

mod comparison;
mod condition;
mod host;
mod parameters;
mod pattern;
mod placeholders;
mod term;

pub use crate::query::HostSql;
pub use comparison::{Comparison, JsonOperand};
pub use condition::Condition;
pub use parameters::Parameters;
pub use pattern::{Needle, Pattern, Place};
pub use placeholders::Placeholders;
pub(crate) use placeholders::{mark, shown};
pub(crate) use term::{Origin, common_type};
pub use term::{Term, Typed};

use crate::error::Result;
use crate::value::{DataType, Value};

/// SQL text with parameters in it, not yet numbered.
///
/// Fragments are put together with [`push`](Fragment::push) and [`Fragment::format`]; values are only ever parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fragment {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Param(Param),
    /// The cell of a batch's row, by its column.
    Cell(usize),
}

/// A value on its way to the database, in the form in which the database stores it, with the column type it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The value, as [`Parameters::store`] made it.
    pub value: Value,
    /// The type that the statement gives it.
    pub data_type: DataType,
}

/// A statement that is run for each row of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct RowStatement {
    /// The text, with the dialect's placeholders.
    pub sql: String,
    /// What is bound, in the order of the placeholders.
    pub binds: Vec<Bind>,
}

impl RowStatement {
    /// What is bound for a row with these cells, in the order of the placeholders.
    pub fn bound<'v>(&'v self, cells: &'v [Value]) -> impl ExactSizeIterator<Item = &'v Value> {
        self.binds.iter().map(|bind| match bind {
            Bind::Param(param) => &param.value,
            Bind::Cell(column) => &cells[*column],
        })
    }
}

/// What is bound to a placeholder of a [`RowStatement`].
#[derive(Clone, Debug, PartialEq)]
pub enum Bind {
    /// The same for every row.
    Param(Param),
    /// The row's cell in this column.
    Cell(usize),
}

/// One SQL statement, ready to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The text, with the dialect's placeholders.
    pub sql: String,
    /// The parameters, in the order of the placeholders.
    pub params: Vec<Param>,
}

impl Fragment {
    /// Plain SQL text.
    pub fn text(text: impl Into<String>) -> Self {
        Fragment { pieces: vec![Piece::Text(text.into())] }
    }

    /// One parameter.
    ///
    /// # Errors
    ///
    /// Where the database has no way to store the value.
    pub fn value(dialect: &dyn Parameters, value: &Value, data_type: &DataType) -> Result<Self> {
        let value = dialect.store(value, data_type)?;
        Ok(Fragment { pieces: vec![Piece::Param(Param { value, data_type: data_type.clone() })] })
    }

    /// One parameter whose value is in stored form already.
    pub(crate) fn stored(value: Value, data_type: DataType) -> Self {
        Fragment { pieces: vec![Piece::Param(Param { value, data_type })] }
    }

    /// The cell of a batch's row in this column.
    pub(crate) fn cell(column: usize) -> Self {
        Fragment { pieces: vec![Piece::Cell(column)] }
    }

    /// The template with each `{}` replaced by the next part.
    ///
    /// ```
    /// use enmasse_core::sql::Fragment;
    ///
    /// let column = Fragment::text("\"name\"");
    /// let upper = Fragment::format("UPPER({}::text)", [column]);
    /// assert_eq!(upper, Fragment::text("UPPER(\"name\"::text)"));
    /// ```
    ///
    /// # Panics
    ///
    /// Where the template does not have as many `{}` as there are parts: a mistake in this crate.
    pub fn format<const N: usize>(template: &str, parts: [Fragment; N]) -> Self {
        let mut texts = template.split("{}");
        let mut whole = Fragment::text(texts.next().unwrap_or_default());
        for part in parts {
            whole.push(part);
            whole.push(texts.next().unwrap_or_else(|| panic!("too few {{}} in {template:?}")));
        }
        assert!(texts.next().is_none(), "too many {{}} in {template:?}");
        whole
    }

    /// The parts with a separator between them.
    pub fn join(parts: impl IntoIterator<Item = Fragment>, separator: &str) -> Self {
        let mut whole = Fragment::default();
        for (position, part) in parts.into_iter().enumerate() {
            if position > 0 {
                whole.push(separator);
            }
            whole.push(part);
        }
        whole
    }

    /// The parts with an operator between them for which brackets do not matter, ` AND ` or ` OR `. Many parts have brackets around each few: SQLite
    /// takes no expression that is a thousand deep, and `a AND b AND c` is two deep.
    pub fn chain(parts: Vec<Fragment>, operator: &str) -> Self {
        const FEW: usize = 100;
        if parts.len() <= FEW {
            return Fragment::join(parts, operator);
        }
        let mut parts = parts.into_iter();
        let groups = std::iter::from_fn(|| {
            let group: Vec<_> = parts.by_ref().take(FEW).collect();
            (!group.is_empty()).then(|| Fragment::format("({})", [Fragment::join(group, operator)]))
        });
        let groups = groups.collect();
        Fragment::chain(groups, operator)
    }

    /// Adds SQL at the end.
    pub fn push(&mut self, part: impl Into<Fragment>) {
        for piece in part.into().pieces {
            match (self.pieces.last_mut(), piece) {
                (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
                (_, piece) => self.pieces.push(piece),
            }
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Text(text) if text.is_empty()))
    }

    /// How many parameters it has.
    pub fn params(&self) -> usize {
        self.pieces.iter().filter(|piece| matches!(piece, Piece::Param(_))).count()
    }

    /// The statement that it makes in a dialect.
    pub fn statement(self, dialect: &dyn Parameters) -> Statement {
        self.statement_from(dialect, 0)
    }

    /// The end of a statement that has so many parameters before.
    pub(crate) fn statement_from(self, dialect: &dyn Parameters, before: usize) -> Statement {
        let RowStatement { sql, binds } = self.bound_from(dialect, before);
        let param = |bind| match bind {
            Bind::Param(param) => param,
            Bind::Cell(_) => unreachable!("cells are in the statements of rows only"),
        };
        Statement { sql, params: binds.into_iter().map(param).collect() }
    }

    /// The statement that it makes in a dialect, for each row of a batch.
    pub(crate) fn row_statement(self, dialect: &dyn Parameters) -> RowStatement {
        self.bound_from(dialect, 0)
    }

    fn bound_from(self, dialect: &dyn Parameters, before: usize) -> RowStatement {
        let mut statement = RowStatement { sql: String::new(), binds: Vec::new() };
        for piece in self.pieces {
            let bind = match piece {
                Piece::Text(text) => {
                    statement.sql.push_str(&text);
                    continue;
                }
                Piece::Param(param) => Bind::Param(param),
                Piece::Cell(column) => Bind::Cell(column),
            };
            statement.binds.push(bind);
            let number = before + statement.binds.len();
            statement.sql.push_str(&match statement.binds.last() {
                Some(Bind::Param(param)) => dialect.typed_placeholder(number, &param.data_type),
                _ => dialect.placeholder(number),
            });
        }
        statement
    }
}

impl From<&str> for Fragment {
    fn from(text: &str) -> Self {
        Fragment::text(text)
    }
}

impl From<String> for Fragment {
    fn from(text: String) -> Self {
        Fragment::text(text)
    }
}
