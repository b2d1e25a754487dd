//! Making tables of models, and models of tables.

use enmasse_core::catalog::{self, Catalogue};
use enmasse_core::plan::{Plan, Step};
use enmasse_core::schema::{self, ModelRef};

use crate::handle::Handle;
use crate::{Database, Error, ErrorKind, Result};

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
        self.run_scripts(schema::create_tables(&*self.dialect(), &models)?).await
    }

    /// Drops the tables of these models where they are there.
    ///
    /// # Errors
    ///
    /// Those of the database, for example where another table refers to one of these.
    pub async fn drop_tables(&self, models: impl IntoIterator<Item = ModelRef>) -> Result<()> {
        let models: Vec<ModelRef> = models.into_iter().collect();
        self.run_scripts(schema::drop_tables(&*self.dialect(), &models)).await
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

    async fn inspect_schema(&self, schema: Option<&str>) -> Result<Catalogue> {
        let dialect = self.dialect();
        let executor = self.executor();
        let mut rows = [const { Vec::new() }; 3];
        for (rows, (statement, columns)) in rows.iter_mut().zip(catalog::queries(&*dialect, schema)?) {
            *rows = executor.query(&statement, &columns).await?;
        }
        catalog::build(&*dialect, schema, rows)
    }

    async fn run_scripts(&self, plan: Plan) -> Result<()> {
        let mut scripts = Vec::new();
        for step in plan.steps {
            match step {
                Step::Prepare(statement) => scripts.push(statement.sql),
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
