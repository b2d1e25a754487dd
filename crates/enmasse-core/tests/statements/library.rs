//! The models that the tests of queries and plans are about, and sheets of what becomes of them on each database.

use std::fmt::Write;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::query::Operand;
use enmasse_core::query::{Expr, FieldPath, Operator};
use enmasse_core::query::{Order, Q, Query, Select};
use enmasse_core::schema::{Auto, Field, ForeignKey, Model, ModelRef, Schema};
use enmasse_core::{DataType, Result, Value};

pub fn text(max_length: u32) -> DataType {
    DataType::Text { max_length: Some(max_length) }
}

fn id() -> Field {
    Field::new("id", DataType::BigInt).primary_key().identity()
}

/// A foreign key with a name for its far end; `"+"` for none.
fn refers(name: &str, data_type: DataType, model: &str, related_name: &str) -> Field {
    let related_name = Some(related_name.to_owned());
    Field::new(name, data_type).references(ForeignKey { model: model.into(), to_field: None, related_name })
}

/// Authors, some with a boss and a profile, write books, which have chapters, copies and editions.
pub fn schema() -> Arc<Schema> {
    let country = ForeignKey {
        model: "Country".into(),
        to_field: Some("code".into()),
        related_name: Some("people".into()),
    };
    Schema::new(vec![
        Model::new("Country", "country")
            .add(Field::new("id", DataType::Integer).primary_key())
            .add(Field::new("code", text(2)).unique())
            .add(Field::new("name", text(50))),
        Model::new("Author", "author")
            .add(id())
            .add(Field::new("name", text(50)))
            .add(Field::new("nick", text(20)).null())
            .add(Field::new("born", DataType::Date).null())
            .add(Field::new("is_active", DataType::Bool))
            .add(Field::new("points", DataType::Integer))
            .add(Field::new("rank", DataType::Integer).null())
            .add(Field::new("country", text(2)).references(country).null())
            .add(refers("boss", DataType::BigInt, "Author", "reports").null()),
        Model::new("Profile", "profile")
            .add(refers("author", DataType::BigInt, "Author", "profile").primary_key())
            .add(Field::new("motto", text(100))),
        Model::new("Book", "book")
            .add(id())
            .add(Field::new("title", text(100)))
            .add(Field::new("pages", DataType::Integer))
            .add(Field::new("words", DataType::Integer).null())
            .add(Field::new("price", DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) }))
            .add(Field::new("data", DataType::Json).null())
            .add(refers("author", DataType::BigInt, "Author", "books"))
            .add(refers("editor", DataType::BigInt, "Author", "edited").null())
            .add(Field::new("double_pages", DataType::Integer).generated("pages * 2"))
            .add(Field::new("updated_at", DataType::DateTime).auto(Auto::OnWrite)),
        Model::new("Chapter", "chapter")
            .add(id())
            .add(refers("book", DataType::BigInt, "Book", "chapters"))
            .add(Field::new("number", DataType::Integer))
            .add(Field::new("title", text(100)).null())
            .unique_together(["book", "number"]),
        Model::new("Copy", "copy")
            .add(refers("book", DataType::BigInt, "Book", "copies").primary_key())
            .add(Field::new("number", DataType::Integer).primary_key())
            .add(Field::new("shelf", text(20)).null()),
        Model::new("Tag", "tag")
            .add(Field::new("name", text(30)).primary_key())
            .add(Field::new("uses", DataType::Integer)),
        Model::new("Item", "store.item")
            .add(id())
            .add(refers("book", DataType::BigInt, "Book", "+"))
            .add(Field::new("stock", DataType::Integer)),
        Model::new("Mark", "mark").add(id()),
    ])
    .unwrap()
}

pub fn model(name: &str) -> ModelRef {
    schema().model(name).unwrap()
}

pub fn all(name: &str) -> Query {
    Query::new(model(name))
}

pub fn authors() -> Query {
    all("Author")
}

pub fn books() -> Query {
    all("Book")
}

/// Django's calls on a QuerySet, by the names that they have there.
pub trait Calls: Sized {
    fn filter(self, condition: Q) -> Self;
    fn exclude(self, condition: Q) -> Self;
    fn annotate(self, name: &str, expr: impl Into<Expr>) -> Self;
    fn order_by<const N: usize>(self, names: [&str; N]) -> Self;
    fn slice(self, offset: u64, limit: Option<u64>) -> Self;
}

impl Calls for Query {
    fn filter(self, condition: Q) -> Self {
        self.filtered(condition)
    }

    fn exclude(self, condition: Q) -> Self {
        self.filtered(!condition)
    }

    fn annotate(mut self, name: &str, expr: impl Into<Expr>) -> Self {
        self.annotations.push((name.to_owned(), expr.into()));
        self
    }

    fn order_by<const N: usize>(mut self, names: [&str; N]) -> Self {
        self.order_by = names
            .into_iter()
            .map(|name| Order { by: f(name.trim_start_matches('-')), descending: name.starts_with('-') })
            .collect();
        self
    }

    fn slice(mut self, offset: u64, limit: Option<u64>) -> Self {
        (self.offset, self.limit) = (offset, limit);
        self
    }
}

/// A keyword of `filter`.
pub fn q(keyword: &str, value: impl Into<Operand>) -> Q {
    Q::named(keyword, value)
}

/// Django's `F`.
pub fn f(path: &str) -> Expr {
    Expr::field(path)
}

/// Django's `OuterRef`.
pub fn outer(path: &str) -> Expr {
    Expr::Outer(FieldPath::from(path))
}

pub fn plus(left: Expr, right: impl Into<Expr>) -> Expr {
    left.binary(Operator::Add, right)
}

/// A query inside of another, with what it selects; nothing is its key.
pub fn select(query: Query, output: impl IntoIterator<Item = Expr>) -> Box<Select> {
    Box::new(Select { query, output: output.into_iter().collect() })
}

pub fn subquery(query: Query, output: Expr) -> Expr {
    Expr::Subquery(select(query, [output]))
}

pub fn exists(query: Query) -> Q {
    Q::Exists(select(query, []))
}

pub fn values<T: Into<Value>, const N: usize>(values: [T; N]) -> Operand {
    Operand::Many(values.into_iter().map(Into::into).collect())
}

/// The time of every write here.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap()
}

pub fn dialects() -> [(&'static str, Arc<dyn Dialect>); 4] {
    [
        ("PostgreSQL", Arc::new(Postgres::default())),
        ("SQLite", Arc::new(Sqlite::default())),
        ("MariaDB", Arc::new(Mysql::default())),
        ("MySQL", Arc::new(Mysql { flavour: Flavour::Mysql, version: (9, 7), ..Mysql::default() })),
    ]
}

/// What several requests become on each database, one below the other.
#[derive(Default)]
pub struct Sheet(String);

impl Sheet {
    /// A request, and what makes it SQL; that of MySQL where it is not MariaDB's.
    pub fn add(&mut self, title: &str, sql: impl Fn(&dyn Dialect) -> Result<String>) {
        self.add_run(title, |dialect| sql(&**dialect));
    }

    /// The same where rows are encoded.
    pub fn add_run(&mut self, title: &str, sql: impl Fn(&Arc<dyn Dialect>) -> Result<String>) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        writeln!(self.0, "{title}").unwrap();
        let mut before = String::new();
        for (name, dialect) in dialects() {
            let sql = sql(&dialect).unwrap_or_else(|error| format!("{:?}: {error}", error.kind()));
            if name == "MySQL" && sql.replace("MySQL 9.7", "MariaDB 10.11") == before {
                continue;
            }
            before.clone_from(&sql);
            let sql = sql.trim_end().replace("\n-- params: ", "  -- ").replace('\n', "\n              ");
            writeln!(self.0, "  {name:<10}  {sql}").unwrap();
        }
    }

    /// The keys of a query's rows.
    pub fn rows(&mut self, title: &str, query: Query) {
        let key = query.model.key().into_iter().map(|position| f(&query.model.fields[position].name));
        let key: Vec<_> = key.collect();
        self.values(title, query, &key);
    }

    /// Some values of each of a query's rows.
    pub fn values(&mut self, title: &str, query: Query, values: &[Expr]) {
        self.add(title, |dialect| {
            let selection = query.select_values(dialect, values)?;
            Ok(selection.map_or("-- no rows".to_owned(), |selection| selection.statement.to_string()))
        });
    }

    /// The whole text, for a snapshot.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// A snapshot of a sheet that is made of titles and queries.
#[macro_export]
macro_rules! rows {
    ($name:expr, $($title:expr => $query:expr),+ $(,)?) => {{
        let mut sheet = $crate::library::Sheet::default();
        $(sheet.rows($title, $query);)+
        insta::assert_snapshot!($name, sheet.text());
    }};
}
