//! PostgreSQL's floor: its forms of `UPDATE … FROM` an already filled staging table.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use async_trait::async_trait;
use tokio_postgres::{Client, Statement};

use crate::batch::Batch;
use crate::table::postgres::{connect, values};
use crate::way::Way;

const SET: &str =
    "name = b.name, points = b.points, price = b.price, seen = b.seen, active = b.active, note = b.note";

/// The way to join the staging table.
#[derive(Clone, Copy)]
struct Form {
    name: &'static str,
    /// Whether the staging table's rows are in key order.
    is_ordered: bool,
    settings: &'static str,
    rows: &'static str,
}

/// The sort has enough memory, and JIT is off. No form uses a hash join, which would not lock in key order.
const FORMS: [Form; 3] = [
    Form {
        name: "sorted, nested loop",
        is_ordered: false,
        settings: "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
        rows: "(SELECT * FROM staging ORDER BY id) b",
    },
    Form {
        name: "sorted, merge join",
        is_ordered: false,
        settings: "SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off",
        rows: "(SELECT * FROM staging ORDER BY id) b",
    },
    Form {
        name: "staged in order, nested loop",
        is_ordered: true,
        settings: "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
        rows: "staging b",
    },
];

struct Staged {
    client: Client,
    form: Form,
}

pub async fn staged(url: &str) -> Result<Vec<(&'static str, Box<dyn Way>)>> {
    let mut forms: Vec<(_, Box<dyn Way>)> = Vec::new();
    for form in FORMS {
        let client = connect(url).await?;
        client.batch_execute("CREATE TEMP TABLE staging (LIKE item)").await?;
        forms.push((form.name, Box::new(Staged { client, form })));
    }
    Ok(forms)
}

#[async_trait]
impl Way for Staged {
    async fn prepare(&mut self, batch: &Arc<Batch>) -> Result<()> {
        let order = if self.form.is_ordered { "id" } else { "hashint8(id)" };
        let fill = format!(
            "TRUNCATE staging; \
             INSERT INTO staging SELECT id, {} FROM generate_series({stride}, {}::bigint, {stride}) AS id ORDER BY {order}",
            values(batch.version).map(|(_, value)| value).join(", "),
            batch.size.table,
            stride = batch.size.stride,
        );
        Ok(self.client.batch_execute(&fill).await?)
    }

    async fn run(&mut self, _: &Arc<Batch>) -> Result<Duration> {
        let update = format!(
            "BEGIN; SET LOCAL jit = off; SET LOCAL work_mem = '1GB'; {}; \
             UPDATE item SET {SET} FROM {} WHERE item.id = b.id; COMMIT",
            self.form.settings, self.form.rows
        );
        let begun = Instant::now();
        self.client.batch_execute(&update).await?;
        Ok(begun.elapsed())
    }
}

/// One prepared statement with an array for each column.
struct Arrays {
    client: Client,
    update: Statement,
}

pub async fn statements(url: &str) -> Result<Vec<(&'static str, Box<dyn Way>)>> {
    let client = connect(url).await?;
    let update = format!(
        "UPDATE item SET {SET} FROM unnest($1::bigint[], $2::text[], $3::int[], $4::numeric[], $5::timestamptz[], \
         $6::bool[], $7::text[]) AS b(id, name, points, price, seen, active, note) WHERE item.id = b.id"
    );
    let update = client.prepare(&update).await?;
    Ok(vec![("one statement, unnest", Box::new(Arrays { client, update }))])
}

#[async_trait]
impl Way for Arrays {
    async fn run(&mut self, batch: &Arc<Batch>) -> Result<Duration> {
        let begun = Instant::now();
        let items = batch.sorted();
        let ids: Vec<_> = items.iter().map(|item| item.id).collect();
        let names: Vec<_> = items.iter().map(|item| item.name.as_str()).collect();
        let points: Vec<_> = items.iter().map(|item| item.points).collect();
        let prices: Vec<_> = items.iter().map(|item| item.price).collect();
        let seens: Vec<_> = items.iter().map(|item| item.seen).collect();
        let actives: Vec<_> = items.iter().map(|item| item.active).collect();
        let notes: Vec<_> = items.iter().map(|item| item.note.as_str()).collect();
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&ids, &names, &points, &prices, &seens, &actives, &notes];
        let written = self.client.execute(&self.update, &params).await?;
        let took = begun.elapsed();
        ensure!(written == batch.size.rows as u64, "{written} rows matched");
        Ok(took)
    }
}
