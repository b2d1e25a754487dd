//! A table whose database leaves some rows unchanged.

use enmasse::prelude::*;
use enmasse::schema::{Field, Model, ModelRef, Schema};
use enmasse_testing::{Kind, Scratch};

/// Rows whose key is a multiple of it are left unchanged.
pub const KEPT: i64 = 5;
/// Rows whose key is a multiple of it are hidden, if a policy hides rows.
pub const HIDDEN: i64 = 7;

/// What keeps rows from being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    Nothing,
    /// A trigger that skips the rows.
    Trigger,
    /// Policies of row security: some rows may be read and not written, others are not shown.
    Policy,
}

impl Guard {
    pub fn of(kind: Kind) -> &'static [Guard] {
        match kind {
            Kind::Postgres => &[Guard::Nothing, Guard::Trigger, Guard::Policy],
            Kind::Sqlite => &[Guard::Nothing, Guard::Trigger],
            // their triggers cannot skip a row
            _ => &[Guard::Nothing],
        }
    }

    /// Whether the database leaves a row unchanged.
    pub fn keeps(self, id: i64) -> bool {
        self != Guard::Nothing && id % KEPT == 0
    }

    /// Whether a row is not shown.
    pub fn hides(self, id: i64) -> bool {
        self == Guard::Policy && id % HIDDEN == 0
    }
}

pub fn good() -> ModelRef {
    let good = Model::new("Good", "good")
        .add(Field::new("id", DataType::BigInt).primary_key())
        .add(Field::new("stock", DataType::Integer).null())
        .add(Field::new("name", DataType::Text { max_length: Some(20) }).null());
    Schema::new(vec![good]).unwrap().model("Good").unwrap()
}

/// A database with the table, and a handle for the writing user.
pub struct Shop {
    pub owner: Database,
    pub writer: Database,
    role: Option<String>,
}

impl Shop {
    pub async fn open(scratch: &Scratch, guard: Guard) -> Shop {
        let owner = scratch.connect().await;
        owner.create_tables([good()]).await.unwrap();
        let (mut writer, mut role) = (owner.clone(), None);
        match (scratch.kind, guard) {
            (_, Guard::Nothing) => {}
            (Kind::Sqlite, _) => {
                let trigger = format!(
                    "CREATE TRIGGER keeps BEFORE UPDATE ON good WHEN NEW.id % {KEPT} = 0 BEGIN SELECT RAISE(IGNORE); END"
                );
                owner.execute_raw(&trigger, []).await.unwrap();
            }
            (_, Guard::Trigger) => {
                for sql in [
                    &format!(
                        "CREATE FUNCTION keeps() RETURNS trigger LANGUAGE plpgsql AS \
                         'BEGIN IF NEW.id % {KEPT} = 0 THEN RETURN NULL; END IF; RETURN NEW; END'"
                    ),
                    "CREATE TRIGGER keeps BEFORE UPDATE ON good FOR EACH ROW EXECUTE FUNCTION keeps()",
                ] {
                    owner.execute_raw(sql, []).await.unwrap();
                }
            }
            (_, Guard::Policy) => {
                let database = scratch.url.rsplit('/').next().unwrap();
                let name = format!("{}_clerk", database.split('?').next().unwrap());
                for sql in [
                    format!("CREATE ROLE {name} LOGIN PASSWORD 'clerk'"),
                    format!("GRANT ALL ON good TO {name}"),
                    "ALTER TABLE good ENABLE ROW LEVEL SECURITY".to_owned(),
                    format!("CREATE POLICY shown ON good FOR SELECT USING (id % {HIDDEN} <> 0)"),
                    format!("CREATE POLICY written ON good FOR UPDATE USING (id % {KEPT} <> 0)"),
                    "CREATE POLICY added ON good FOR INSERT WITH CHECK (true)".to_owned(),
                ] {
                    owner.execute_raw(&sql, []).await.unwrap();
                }
                let (_, place) = scratch.url.split_once('@').unwrap();
                writer = Database::connect(&format!("postgres://{name}:clerk@{place}")).await.unwrap();
                role = Some(name);
            }
        }
        Shop { owner, writer, role }
    }

    pub async fn fill(&self, rows: &[(i64, Option<i64>, Option<String>)]) {
        self.owner.execute_raw("DELETE FROM good", []).await.unwrap();
        let records = rows.iter().map(record).collect::<Vec<_>>();
        QuerySet::of(&good(), &self.owner).bulk_create(records).await.unwrap();
    }

    /// The rows by their keys, counted by the database itself.
    pub async fn rows(&self) -> Vec<(i64, Option<i64>, Option<String>)> {
        let rows = self.owner.query_raw("SELECT id, stock, name FROM good ORDER BY id", []).await.unwrap();
        let row = |row: Vec<Value>| match &row[..] {
            [Value::Int(id), stock, name] => {
                let stock = if let Value::Int(stock) = stock { Some(*stock) } else { None };
                let name = if let Value::Text(name) = name { Some(name.clone()) } else { None };
                (*id, stock, name)
            }
            other => panic!("no row: {other:?}"),
        };
        rows.into_iter().map(row).collect()
    }

    pub async fn close(self) {
        self.writer.close().await;
        if let Some(role) = self.role {
            self.owner.execute_raw(&format!("DROP OWNED BY {role}"), []).await.unwrap();
            self.owner.execute_raw(&format!("DROP ROLE {role}"), []).await.unwrap();
        }
        self.owner.close().await;
    }
}

pub fn record((id, stock, name): &(i64, Option<i64>, Option<String>)) -> Record {
    let values = [Value::from(*id), Value::from(*stock), Value::from(name.clone())];
    Record::of_some(&good(), values.map(Some)).unwrap()
}
