//! Making tables of models, and models of tables.

use enmasse_core::catalog;
use enmasse_core::catalog::{Catalogue, Reading, TableName};
use enmasse_core::plan::{self, Plan, Step};
use enmasse_core::schema::ModelRef;

use crate::database::handle::Handle;
use crate::{Database, Error, ErrorKind, Result, Value};

impl Database {
    /// Makes the tables of these models, with their keys, constraints and the indexes of foreign keys, as Django would.
    ///
    /// For tests and first steps: it makes tables, and never changes one. All are made in one transaction; MySQL and
    /// MariaDB have none for this, so there the tables before an error stay.
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
    /// [`NotSupported`](ErrorKind::NotSupported) and [`Configuration`](ErrorKind::Configuration) where a model cannot be
    /// a table of this database, and the database's own, for example where a table is there already.
    pub async fn create_tables(&self, models: impl IntoIterator<Item = ModelRef>) -> Result<()> {
        let models: Vec<ModelRef> = models.into_iter().collect();
        self.run_scripts(plan::create_tables(&*self.dialect(), &models)?).await
    }

    /// Drops the tables of these models where they are there.
    ///
    /// # Errors
    ///
    /// Those of the database, for example where another table refers to one of these.
    pub async fn drop_tables(&self, models: impl IntoIterator<Item = ModelRef>) -> Result<()> {
        let models: Vec<ModelRef> = models.into_iter().collect();
        self.run_scripts(plan::drop_tables(&*self.dialect(), &models)).await
    }

    /// Reads the database's own catalogue: a model for each table, named as the table, with a field for each column.
    ///
    /// As with Django's `inspectdb`, the field of a foreign key `user_id` is `user`. What cannot be a model or a field is
    /// listed with the reason; see [`Catalogue`].
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn inspect(&self) -> Result<Catalogue> {
        self.inspect_schema(None).await
    }

    /// [`inspect`](Database::inspect) for another schema than the connection's own: a schema of PostgreSQL, a database of
    /// MySQL and MariaDB, an attached database of SQLite.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn inspect_named(&self, schema: &str) -> Result<Catalogue> {
        self.inspect_schema(Some(schema)).await
    }

    /// Reads one table, with what it extends and what its foreign keys refer to: what that costs does not grow with the number of other tables.
    ///
    /// The name is `users`, or `shop.users` of another schema than the connection's own (where there is no table of that very name), and may be
    /// written in SQL's quotes: `"Order"`. Without a schema, PostgreSQL's is that of the search path. `lookups` are names that are to be
    /// used in filters and expressions, as `"profile__points__gte"`: the tables that they lead to are read too. Relations of tables
    /// that were not read are not there.
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
    /// [`Configuration`](ErrorKind::Configuration) where there is no such table, with the nearest names, or where it cannot be a model,
    /// with the reason; and those of the database.
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
                // SQLite finds no catalogue in a schema that is not there; the others find an empty one
                Err(error) if schema.is_some() && error.kind() == ErrorKind::Database => continue,
                Err(error) => return Err(error),
            };
            if let Some(found) = reading.found()? {
                return reading.finish()?.model(&found);
            }
        }
        self.no_table(name).await
    }

    /// The error for a table that is not there.
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
