//! The SQL of every lookup, transform, operator and function on every database, one readable file a family.

mod expressions;
mod lookups;

use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::sql::Fragment;
use enmasse_core::sql::{Condition, Term, Typed};
use enmasse_core::{DataType, Result, Value};

/// Collects the SQL of one family.
struct Page(String);

impl Page {
    fn new(title: &str) -> Self {
        Page(format!("# {title}\n"))
    }

    fn condition(&mut self, title: &str, make: impl Fn(&dyn Dialect) -> Result<Condition>) {
        self.add(title, |dialect| {
            Ok(match make(dialect)? {
                Condition::Everything => "every row".to_owned(),
                Condition::Nothing => "no row".to_owned(),
                Condition::Sql(sql) => written(dialect, sql),
            })
        });
    }

    fn expression(&mut self, title: &str, make: impl Fn(&dyn Dialect) -> Result<Typed>) {
        self.add(title, |dialect| {
            let typed = make(dialect)?;
            let data_type = typed.data_type.map_or("?".to_owned(), |data_type| name(&data_type));
            Ok(format!("{} → {data_type}", written(dialect, typed.sql)))
        });
    }

    fn add(&mut self, title: &str, make: impl Fn(&dyn Dialect) -> Result<String>) {
        self.0 += &format!("\n## {title}\n");
        let mysql = Mysql { flavour: Flavour::Mysql, version: (8, 4), ..Mysql::default() };
        let show = |dialect: &dyn Dialect| {
            make(dialect).unwrap_or_else(|error| format!("{:?}: {error}", error.kind()))
        };
        let mariadb = show(&Mysql::default());
        let mysql = show(&mysql);
        self.0 += &format!("PostgreSQL  {}\n", show(&Postgres::default()));
        self.0 += &format!("SQLite      {}\n", show(&Sqlite::default()));
        self.0 += &format!("MariaDB     {mariadb}\n");
        // Said only where it differs.
        if mysql.replace("MySQL 8.4", "MariaDB 10.11") != mariadb {
            self.0 += &format!("MySQL       {mysql}\n");
        }
    }
}

fn written(dialect: &dyn Dialect, sql: Fragment) -> String {
    let statement = sql.statement(dialect);
    let params: Vec<String> = statement
        .params
        .iter()
        .map(|param| match dialect.placeholder(1) == "$1" {
            // Only there the statement itself gives a parameter its type.
            true => format!("{} {}", show(&param.value), name(&param.data_type)),
            false => show(&param.value),
        })
        .collect();
    if params.is_empty() { statement.sql } else { format!("{}  [{}]", statement.sql, params.join(", ")) }
}

fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Array(items) => format!("{{{}}}", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn name(data_type: &DataType) -> String {
    Postgres::default().cast_type(data_type).expect("PostgreSQL has every type")
}

/// A column of the test table.
fn column(dialect: &dyn Dialect, name: &str, data_type: DataType) -> Typed {
    Typed::new(Fragment::text(dialect.quote(name)), data_type)
}

fn value(value: impl Into<Value>) -> Term {
    Term::Value(value.into())
}

fn text() -> DataType {
    DataType::Text { max_length: Some(20) }
}

fn decimal() -> DataType {
    DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) }
}
