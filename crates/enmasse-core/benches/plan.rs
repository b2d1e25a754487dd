//! What it costs to make a plan: of a bulk update by each strategy, of an update with lookups, of a query.
//!
//! `cargo bench -p enmasse-core --bench plan`

use std::hint::black_box;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use enmasse_core::DataType;
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::plan::{Assignment, BulkUpdate, Strategy, bulk_update, update};
use enmasse_core::query::{Expr, FieldPath, Operator};
use enmasse_core::query::{Q, Query};
use enmasse_core::schema::{Auto, Field, Model, Schema};

fn schema() -> Arc<Schema> {
    let id = || Field::new("id", DataType::BigInt).primary_key().identity();
    let name = || Field::new("name", DataType::Text { max_length: Some(100) });
    let balance = DataType::Decimal { max_digits: Some(12), decimal_places: Some(2) };
    Schema::new(vec![
        Model::new("Owner", "owner").add(id()).add(name()),
        Model::new("Account", "account")
            .add(id())
            .add(name())
            .add(Field::new("points", DataType::Integer))
            .add(Field::new("balance", balance))
            .add(Field::new("seen_at", DataType::DateTime))
            .add(Field::new("is_active", DataType::Bool))
            .add(Field::new("note", DataType::TEXT))
            .add(Field::new("owner", DataType::BigInt).foreign_key("Owner"))
            .add(Field::new("updated_at", DataType::DateTime).auto(Auto::OnWrite)),
    ])
    .unwrap()
}

fn dialects() -> [Box<dyn Dialect>; 4] {
    [
        Box::new(Postgres::default()),
        Box::new(Mysql::default()),
        Box::new(Mysql { flavour: Flavour::Mysql, version: (8, 0), ..Mysql::default() }),
        Box::new(Sqlite::default()),
    ]
}

const STRATEGIES: [Strategy; 8] = [
    Strategy::PreparedLoop,
    Strategy::Arrays,
    Strategy::Copy,
    Strategy::LoadData,
    Strategy::StagedInserts,
    Strategy::BulkExecute,
    Strategy::Values,
    Strategy::Cases,
];

fn bulk_updates(criterion: &mut Criterion) {
    let query = Query::new(schema().model("Account").unwrap());
    let fields = ["name", "points", "balance", "seen_at", "is_active", "note"].map(FieldPath::from);
    let request = |strategy, rows| BulkUpdate {
        strategy,
        rows,
        ..BulkUpdate::new(&query, &fields, DateTime::UNIX_EPOCH)
    };
    let mut group = criterion.benchmark_group("plan bulk_update");
    for dialect in dialects() {
        for (name, rows) in [("ten rows", Some(10)), ("many rows", None)] {
            group.bench_function(format!("{}: {name}", dialect.name()), |bencher| {
                bencher.iter(|| bulk_update(&*dialect, black_box(&request(None, rows))).unwrap());
            });
        }
        for strategy in STRATEGIES {
            let request = request(Some(strategy), None);
            // each database has some of them
            if bulk_update(&*dialect, &request).is_err() {
                continue;
            }
            group.bench_function(format!("{}: {strategy:?}", dialect.name()), |bencher| {
                bencher.iter(|| bulk_update(&*dialect, black_box(&request)).unwrap());
            });
        }
    }
    group.finish();
}

/// `Account.filter(points__gte=…, name__icontains=…, seen_at__year=…, owner__name__startswith=…)`
fn filtered() -> Query {
    let owned = Q::named("owner__name__startswith", "A");
    Query::new(schema().model("Account").unwrap())
        .filtered(Q::named("points__gte", 5) & Q::named("name__icontains", "a"))
        .filtered(Q::named("seen_at__year", 2024) & owned)
}

fn queries(criterion: &mut Criterion) {
    let query = filtered();
    let more = Expr::field("points").binary(Operator::Add, 1);
    let set = [Assignment::new("points", more), Assignment::new("is_active", false)];
    let now: DateTime<Utc> = DateTime::UNIX_EPOCH;
    let mut group = criterion.benchmark_group("plan");
    for dialect in dialects() {
        group.bench_function(format!("{}: update with lookups", dialect.name()), |bencher| {
            bencher.iter(|| update(&*dialect, black_box(&query), &set, now).unwrap());
        });
        group.bench_function(format!("{}: query with lookups", dialect.name()), |bencher| {
            bencher.iter(|| black_box(&query).select_rows(&*dialect).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, bulk_updates, queries);
criterion_main!(benches);
