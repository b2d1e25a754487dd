//! What the SQL of lookups and expressions does on the databases themselves: the same everywhere, save for what is said.

mod dates;
mod json;
mod kept_values;
mod lists;
mod numbers;
#[cfg(feature = "postgres")]
mod postgres_types;
mod properties;
mod texts;
mod types;
mod updates;

use std::sync::Arc;

use enmasse::Database;
use enmasse::schema::{Field, Model, Schema};
use enmasse::{DataType, Result, Value};
use enmasse_core::compile::lookup;
use enmasse_core::compile::lookup::Compared;
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::query::Lookup;
use enmasse_core::sql::{Condition, Term, Typed};
use enmasse_core::sql::{Fragment, Statement};
use enmasse_testing::Kind;

/// How the database spells it; what the server can do besides does not matter here.
fn dialect(kind: Kind) -> Box<dyn Dialect> {
    match kind {
        Kind::Sqlite => Box::new(Sqlite::default()),
        Kind::Postgres => Box::new(Postgres::default()),
        Kind::MariaDb => Box::new(Mysql::default()),
        Kind::Mysql => Box::new(Mysql { flavour: Flavour::Mysql, version: (9, 7), ..Mysql::default() }),
    }
}

/// A table with a few awkward rows, numbered from 0.
struct Table {
    db: Database,
    kind: Kind,
    dialect: Box<dyn Dialect>,
    name: String,
    columns: Vec<(&'static str, DataType)>,
    schema: Arc<Schema>,
}

impl Table {
    async fn new(
        db: &Database,
        name: &str,
        columns: &[(&'static str, DataType)],
        rows: &[Vec<Value>],
    ) -> Table {
        let kind = Kind::of(db);
        let dialect = dialect(kind);
        let mut model = Model::new("Probe", name).add(Field::new("id", DataType::Integer).primary_key());
        for (column, data_type) in columns {
            model = model.add(Field::new(*column, data_type.clone()).null());
        }
        let schema = Schema::new(vec![model]).unwrap();
        db.create_tables(schema.models()).await.unwrap();
        let table =
            Table { db: db.clone(), kind, dialect, name: name.to_owned(), columns: columns.to_vec(), schema };
        for (id, row) in rows.iter().enumerate() {
            let mut values = vec![Fragment::text(id.to_string())];
            for (value, (_, data_type)) in row.iter().zip(columns) {
                values.push(Fragment::value(&*table.dialect, value, data_type).unwrap());
            }
            let mut insert = Fragment::text(format!("INSERT INTO {name} VALUES ("));
            insert.push(Fragment::join(values, ", "));
            insert.push(")");
            table.run(insert).await.unwrap_or_else(|error| panic!("{row:?}: {error}"));
        }
        table
    }

    /// A table of one column `v`.
    async fn of(db: &Database, name: &str, data_type: DataType, values: &[Value]) -> Table {
        let rows: Vec<Vec<Value>> = values.iter().map(|value| vec![value.clone()]).collect();
        Table::new(db, name, &[("v", data_type)], &rows).await
    }

    fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }

    fn column(&self, name: &str) -> Typed {
        let (_, data_type) = self.columns.iter().find(|(known, _)| *known == name).expect("a column");
        Typed::new(Fragment::text(self.dialect.quote(name)), data_type.clone())
    }

    fn term(&self, name: &str) -> Term {
        Term::Sql(self.column(name))
    }

    /// The numbers of the rows for which a lookup holds.
    async fn which(&self, left: Typed, lookup: Lookup, right: Compared) -> Result<Vec<i64>> {
        self.rows(lookup::compile(self.dialect(), left, lookup, right)?).await
    }

    /// The numbers of the rows for which a condition holds.
    async fn rows(&self, condition: Condition) -> Result<Vec<i64>> {
        let mut select = Fragment::text(format!("SELECT id FROM {} WHERE ", self.name));
        select.push(condition.into_sql());
        select.push(" ORDER BY id");
        let rows = self.run(select).await?;
        Ok(rows.into_iter().map(|row| int(&row[0])).collect())
    }

    /// What an expression is for each row.
    async fn values(&self, of: Typed) -> Result<Vec<Value>> {
        let mut select = Fragment::text("SELECT ");
        select.push(of.sql);
        select.push(format!(" FROM {} ORDER BY id", self.name));
        let data_type = of.data_type.unwrap_or(DataType::TEXT);
        let rows = self.run(select).await?;
        rows.into_iter().map(|mut row| self.dialect.load(row.remove(0), &data_type)).collect()
    }

    async fn run(&self, sql: Fragment) -> Result<Vec<Vec<Value>>> {
        self.run_statement(sql.statement(self.dialect())).await
    }

    async fn run_statement(&self, statement: Statement) -> Result<Vec<Vec<Value>>> {
        let Statement { mut sql, params } = statement;
        if self.kind == Kind::Postgres {
            // As the backend does, which prepares a statement with its parameters' types.
            for (number, param) in params.iter().enumerate().rev() {
                let data_type = self.dialect.cast_type(&param.data_type)?;
                sql = sql.replace(&format!("${}", number + 1), &format!("$\u{0}{}::{data_type}", number + 1));
            }
            sql = sql.replace('\u{0}', "");
        }
        let result = self.db.query_raw(&sql, params.into_iter().map(|param| param.value)).await;
        result.map_err(|error| error.at(&sql))
    }
}

fn int(value: &Value) -> i64 {
    match value {
        Value::Int(int) => *int,
        other => panic!("no integer: {other:?}"),
    }
}

fn one(value: impl Into<Value>) -> Compared {
    Compared::One(Term::Value(value.into()))
}

fn many<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> Compared {
    Compared::Many(values.into_iter().map(Into::into).collect())
}

/// The numbers of the values for which something is true.
fn where_true<T>(values: impl IntoIterator<Item = T>, is_true: impl Fn(T) -> bool) -> Vec<i64> {
    (0..).zip(values).filter_map(|(number, value)| is_true(value).then_some(number)).collect()
}
