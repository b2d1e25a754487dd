//! Creates tables from models, and models from tables.

use enmasse_core::catalog;
use enmasse_core::catalog::{Catalogue, Reading, TableName};
use enmasse_core::plan::{self, Plan, Step};
use enmasse_core::schema::ModelRef;

use crate::database::handle::Handle;
use crate::{Database, Error, ErrorKind, Result, Value};

impl Database {
    /// Creates the tables of these models, with their keys, constraints and indexes of foreign keys, as
    /// Django would.
    ///
    /// It is meant for tests and first steps: it creates tables, and never alters one. All are created in one
    /// transaction, except on MySQL and MariaDB, which have no transactional DDL: tables created before an
    /// error stay.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::schema::{Field, Model, Schema};
    /// use enmasse::{DataType, Database};
    ///
    /// let city = Model::new("City", "city")
    ///     .add(Field::new("id", DataType::BigInt).primary_key().identity())
    ///     .add(Field::new("name", DataType::TEXT));
    /// let db = Database::connect("sqlite::memory:").await?;
    /// db.create_tables(Schema::new(vec![city])?.models()).await?;
    ///
    /// let city = db.inspect().await?.model("city")?;
    /// assert_eq!(city.field("name")?.data_type, DataType::TEXT);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotSupported`](ErrorKind::NotSupported) and [`Configuration`](ErrorKind::Configuration) if a model
    /// cannot be a table of this database; and errors of the database, for example if a table already exists.
    pub async fn create_tables(&self, models: impl IntoIterator<Item = ModelRef>) -> Result<()> {
        let models: Vec<ModelRef> = models.into_iter().collect();
        self.run_scripts(plan::create_tables(&*self.dialect(), &models)?).await
    }

    /// Drops the tables of these models if they exist.
    ///
    /// # Errors
    ///
    /// Those of the database, for example if another table refers to one of these.
    pub async fn drop_tables(&self, models: impl IntoIterator<Item = ModelRef>) -> Result<()> {
        let models: Vec<ModelRef> = models.into_iter().collect();
        self.run_scripts(plan::drop_tables(&*self.dialect(), &models)).await
    }

    /// Reads the database's catalogue: a model for each table with the table's name, and a field for each
    /// column.
    ///
    /// As with Django's `inspectdb`, the field of a foreign key `user_id` is `user`. Tables and columns that
    /// cannot be models or fields are listed with the reason; see [`Catalogue`].
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn inspect(&self) -> Result<Catalogue> {
        self.inspect_schema(None).await
    }

    /// [`inspect`](Database::inspect) for a schema other than the connection's own: a schema of PostgreSQL, a
    /// database of MySQL and MariaDB, or an attached database of SQLite.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn inspect_named(&self, schema: &str) -> Result<Catalogue> {
        self.inspect_schema(Some(schema)).await
    }

    /// Reads one table, with the tables that it extends and that its foreign keys refer to. The cost does not
    /// depend on the number of other tables.
    ///
    /// The name is `users`, or `shop.users` for another schema (unless a table has exactly that name), and
    /// may be quoted as in SQL: `"Order"`. Without a schema, PostgreSQL's search path applies. `lookups` are
    /// names for use in filters and expressions, such as `"profile__points__gte"`: the tables that they refer
    /// to are read too. Relations to unread tables are absent.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::Database;
    ///
    /// let db = Database::connect("sqlite::memory:").await?;
    /// db.execute_raw("CREATE TABLE users (id integer PRIMARY KEY)", []).await?;
    /// db.execute_raw("CREATE TABLE profiles (id integer PRIMARY KEY, user_id integer UNIQUE REFERENCES users)", []).await?;
    /// assert!(db.inspect_table("users", []).await?.relation("profiles").is_none());
    /// assert!(db.inspect_table("users", ["profiles__id"]).await?.relation("profiles").is_some());
    /// assert!(db.inspect_table("profiles", []).await?.relation("user").is_some());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// [`Configuration`](ErrorKind::Configuration) if the table does not exist, with the nearest names, or if
    /// it cannot be a model, with the reason; and errors of the database.
    pub async fn inspect_table<'l>(
        &self,
        name: &str,
        lookups: impl IntoIterator<Item = &'l str>,
    ) -> Result<ModelRef> {
        let dialect = self.dialect();
        let lookups: Vec<&str> = lookups.into_iter().collect();
        for TableName { schema, table } in catalog::table_names(&*dialect, name) {
            let reading = Reading::of_table(&*dialect, schema.as_deref(), &table, lookups.iter().copied());
            let reading = match self.read_catalogue(reading).await {
                Ok(reading) => reading,
                // SQLite reports an unknown schema as an error; the other databases return an empty
                // catalogue.
                Err(error) if schema.is_some() && error.kind() == ErrorKind::Database => continue,
                Err(error) => return Err(error),
            };
            if let Some(found) = reading.found()? {
                return reading.finish()?.model(&found);
            }
        }
        self.no_table(name).await
    }

    /// The error for an unknown table.
    async fn no_table(&self, name: &str) -> Result<ModelRef> {
        let dialect = self.dialect();
        let named = catalog::table_names(&*dialect, name).into_iter().find(|name| name.schema.is_some());
        let (schema, table) = match &named {
            Some(TableName { schema, table }) => (schema.as_deref(), table.as_str()),
            None => (None, name),
        };
        let names = match self.table_names(schema).await {
            Ok(names) => names,
            Err(error) if schema.is_some() && error.kind() == ErrorKind::Database => Vec::new(),
            Err(error) => return Err(error),
        };
        let what = match schema {
            Some(schema) => format!("In the schema '{schema}' there is no table"),
            None => "There is no table".to_owned(),
        };
        Err(Error::unknown(ErrorKind::Configuration, what, table, names.iter().map(String::as_str)))
    }

    async fn table_names(&self, schema: Option<&str>) -> Result<Vec<String>> {
        let dialect = self.dialect();
        let (statement, types) = catalog::names(&*dialect, schema)?;
        let rows = self.executor().query(&statement, &types).await?;
        let name = |mut row: Vec<Value>| match row.swap_remove(0) {
            Value::Text(name) => Some(name),
            _ => None,
        };
        let mut names: Vec<String> =
            rows.into_iter().filter(|row| !row.is_empty()).filter_map(name).collect();
        names.sort();
        Ok(names)
    }

    async fn inspect_schema(&self, schema: Option<&str>) -> Result<Catalogue> {
        let dialect = self.dialect();
        self.read_catalogue(Reading::of_schema(&*dialect, schema)).await?.finish()
    }

    async fn read_catalogue<'d>(&self, mut reading: Reading<'d>) -> Result<Reading<'d>> {
        let executor = self.executor();
        while let Some(asked) = reading.next_question()? {
            let mut rows = Vec::new();
            for (statement, types) in &asked.statements {
                rows.push(executor.query(statement, types).await?);
            }
            reading.answer(rows)?;
        }
        Ok(reading)
    }

    async fn run_scripts(&self, plan: Plan) -> Result<()> {
        let mut scripts = Vec::new();
        for step in plan.steps {
            match step {
                Step::Run(statement, _) => scripts.push(statement.sql),
                other => return Err(Error::new(ErrorKind::Request, format!("{other:?} is no script."))),
            }
        }
        let scripts = &scripts;
        self.executor()
            .atomic(|connection| {
                Box::pin(async move {
                    for script in scripts {
                        connection.script(script).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
