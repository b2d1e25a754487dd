//! The cost of encoding rows in each wire format, and of remembering their keys.
//!
//! `cargo bench -p enmasse-core --bench encode`; the throughput is in rows.

use std::hint::black_box;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use enmasse_core::dialect::{Mysql, Postgres};
use enmasse_core::encode::{
    Arrays, BatchColumn, BatchEncoder, BatchShape, Cells, Chunk, CopyBinary, Duplicates, Encoder, LoadData,
    SeenKeys, Stored,
};
use enmasse_core::schema::{Field, Model, Schema};
use enmasse_core::{DataType, ValueRef};
use rust_decimal::Decimal;

const ROWS: i64 = 10_000;

struct Account {
    id: i64,
    name: String,
    points: i32,
    balance: Decimal,
    seen_at: DateTime<Utc>,
    is_active: bool,
    note: String,
}

impl Account {
    fn new(id: i64) -> Self {
        Account {
            id,
            name: format!("account {id}"),
            points: (id * 7_919 % 100_000) as i32,
            balance: Decimal::new(id * 1_237 % 10_000_000, 2),
            seen_at: DateTime::UNIX_EPOCH + TimeDelta::microseconds(1_700_000_000_000_000 + id * 61_000_003),
            is_active: id % 3 == 0,
            note: format!("Note {id}: seen last in the harbour of Genoa, with two lamps and a letter."),
        }
    }

    fn cell(&self, column: usize) -> ValueRef<'_> {
        match column {
            0 => ValueRef::Int(self.id),
            1 => ValueRef::Text(&self.name),
            2 => ValueRef::Int(self.points.into()),
            3 => ValueRef::Decimal(self.balance),
            4 => ValueRef::DateTime(self.seen_at),
            5 => ValueRef::Bool(self.is_active),
            _ => ValueRef::Text(&self.note),
        }
    }
}

fn columns() -> Vec<BatchColumn> {
    let model = Model::new("Account", "account")
        .add(Field::new("id", DataType::BigInt).primary_key())
        .add(Field::new("name", DataType::Text { max_length: Some(100) }))
        .add(Field::new("points", DataType::Integer))
        .add(Field::new("balance", DataType::Decimal { max_digits: Some(12), decimal_places: Some(2) }))
        .add(Field::new("seen_at", DataType::DateTime))
        .add(Field::new("is_active", DataType::Bool))
        .add(Field::new("note", DataType::TEXT));
    let model = Schema::new(vec![model]).unwrap().model("Account").unwrap();
    (0..7).map(|position| BatchColumn::of(&model, position)).collect()
}

fn encoders(criterion: &mut Criterion) {
    let ascending: Vec<Account> = (0..ROWS).map(Account::new).collect();
    let shuffled: Vec<Account> = (0..ROWS).map(|id| Account::new(id * 7_919 % ROWS)).collect();
    let columns = columns();
    let types: Vec<DataType> = columns.iter().map(|column| column.data_type.clone()).collect();
    let positions = (0..columns.len()).collect();
    let duplicates = Duplicates::InDatabase;
    let shape = Arc::new(BatchShape { columns, positions, masks: 0, key: 1, duplicates });
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(ROWS as u64));
    let mut bench = |name: &str, rows: &[Account], encoder: &dyn Fn() -> Box<dyn Encoder>| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut batch = BatchEncoder::new(shape.clone(), encoder(), usize::MAX);
                for row in rows {
                    batch.row(|column| Ok(row.cell(column))).unwrap();
                    if batch.is_full() {
                        let (chunk, _) = batch.take();
                        batch.recycle(black_box(chunk));
                    }
                }
                black_box(batch.finish_rows())
            });
        });
    };
    bench("CopyBinary", &ascending, &|| Box::new(CopyBinary::new(types.clone())));
    bench("Arrays", &ascending, &|| Box::new(Arrays::new(types.clone())));
    bench("LoadData", &ascending, &|| Box::new(LoadData::new(Arc::new(Mysql::default()), types.clone())));
    bench("Cells", &ascending, &|| Box::new(Cells::new(types.clone(), true)));
    bench("Cells, keys shuffled", &shuffled, &|| Box::new(Cells::new(types.clone(), true)));
    bench("Stored", &ascending, &|| Box::new(Stored::new(Arc::new(Postgres::default()), types.clone())));

    let mut cells = Cells::new(types.clone(), true);
    for row in &ascending {
        (0..7).for_each(|column| cells.cell(column, &row.cell(column)).unwrap());
        cells.end_row();
    }
    let Chunk::Cells(chunk) = cells.take() else { unreachable!() };
    group.bench_function("Cells, read", |bencher| {
        bencher.iter(|| chunk.rows().for_each(|row| row.cells().for_each(|cell| _ = black_box(cell))));
    });
    group.finish();
}

fn keys(criterion: &mut Criterion) {
    const KEYS: i64 = 1_000_000;
    let ascending: Vec<i64> = (0..KEYS).collect();
    let shuffled = shuffled(KEYS);
    let mut group = criterion.benchmark_group("keys");
    group.throughput(Throughput::Elements(KEYS as u64)).sample_size(20);
    let mut bench = |name: &str, kind: Duplicates, keys: &[i64]| {
        group.bench_function(name, |bencher| {
            let add_all = |mut seen: SeenKeys| {
                let twice = keys.iter().filter(|key| !seen.add(&[ValueRef::Int(**key)])).count();
                (twice, seen.twice())
            };
            bencher.iter_batched(|| SeenKeys::new(kind), add_all, BatchSize::LargeInput);
        });
    };
    bench("Integers, ascending", Duplicates::Integers, &ascending);
    bench("Integers, shuffled", Duplicates::Integers, &shuffled);
    bench("Integers, shuffled and sparse", Duplicates::Integers, &sparse(&shuffled));
    bench("Hashes", Duplicates::Hashes, &shuffled);
    group.finish();
}

/// The numbers below `count` in random order: the method is Fisher and Yates', the generator Knuth's MMIX.
fn shuffled(count: i64) -> Vec<i64> {
    let mut numbers: Vec<i64> = (0..count).collect();
    let mut state = 1_u64;
    for last in (1..numbers.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        numbers.swap(last, (state >> 33) as usize % (last + 1));
    }
    numbers
}

/// The same order, with great gaps between the numbers.
fn sparse(numbers: &[i64]) -> Vec<i64> {
    numbers.iter().map(|number| number * 1_000_000_007).collect()
}

criterion_group!(benches, encoders, keys);
criterion_main!(benches);
