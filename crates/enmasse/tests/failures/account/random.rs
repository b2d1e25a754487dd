//! Random tables, guards, batches and options: the report is what a count by hand says, and so is the table.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use enmasse::prelude::*;
use enmasse_testing::{Kind, Scratch, on_scratch, test_on};

use super::goods::{Guard, Shop, good, record};

type Row = (i64, Option<i64>, Option<String>);

/// How many batches are written on each database: `ENMASSE_TEST_ACCOUNTS` says another number.
const RUNS: u64 = 200;

/// Numbers that are the same in each run of the test.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn is(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    fn row(&mut self, id: i64) -> Row {
        let stock = (!self.is(4)).then(|| self.below(3) as i64);
        let name = (!self.is(4)).then(|| ["", "a", "A"][self.below(3) as usize].to_owned());
        (id, stock, name)
    }

    /// Rows with keys up to `most`, unordered.
    fn rows(&mut self, most: u64, one_in: u64) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for id in 1..=most {
            if self.is(one_in) {
                let row = self.row(id as i64);
                rows.insert(self.below(rows.len() as u64 + 1) as usize, row);
            }
        }
        rows
    }
}

#[derive(Clone, Copy, Debug)]
struct Options {
    guard: Guard,
    skip_unchanged: bool,
    /// Only rows with at least this stock are written.
    from_stock: Option<i64>,
    missing: Told,
    each_change: bool,
}

#[derive(Clone, Copy, Debug)]
enum Told {
    Keys,
    Count,
    Rows,
}

#[derive(Debug, PartialEq)]
struct Account {
    matched: u64,
    changed: u64,
    skipped: u64,
    missing: Vec<i64>,
}

/// What must come of it.
fn expected(table: &mut BTreeMap<i64, Row>, batch: &[Row], options: Options) -> Account {
    let mut account = Account { matched: 0, changed: 0, skipped: 0, missing: Vec::new() };
    for row in batch {
        let id = row.0;
        let passes = |stored: &&mut Row| {
            options.from_stock.is_none_or(|from| stored.1.is_some_and(|stock| stock >= from))
        };
        let Some(stored) = table.get_mut(&id).filter(|_| !options.guard.hides(id)).filter(passes) else {
            account.missing.push(id);
            continue;
        };
        account.matched += 1;
        if options.skip_unchanged && stored == row {
            continue;
        }
        if options.guard.keeps(id) {
            account.skipped += 1;
        } else {
            account.changed += 1;
            *stored = row.clone();
        }
    }
    account.missing.sort_unstable();
    account
}

#[test_on(all)]
fn a07_a_random_account_adds_up(kind: Kind) {
    let runs = std::env::var("ENMASSE_TEST_ACCOUNTS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    for &guard in Guard::of(kind) {
        on_scratch(kind, async |scratch| {
            let shop = Shop::open(scratch, guard).await;
            let mut random = Random(0x9e37_79b9 + guard as u64);
            for run in 0..runs / 3 + 1 {
                one(scratch, &shop, guard, &mut random, run).await;
            }
            shop.close().await;
        });
    }
}

async fn one(scratch: &Scratch, shop: &Shop, guard: Guard, random: &mut Random, run: u64) {
    // a few rows, some, many: each goes another way to the server
    let most = [12, 90, 400][random.below(3) as usize];
    let one_in = 1 + random.below(2);
    let before = random.rows(most, one_in);
    let one_in = 1 + random.below(2);
    let batch = random.rows(most + most / 4, one_in);
    let options = Options {
        guard,
        skip_unchanged: random.is(2),
        from_stock: random.is(3).then_some(1),
        missing: [Told::Keys, Told::Count, Told::Rows][random.below(3) as usize],
        each_change: random.is(3),
    };
    shop.fill(&before).await;
    let mut table: BTreeMap<i64, Row> = before.iter().map(|row| (row.0, row.clone())).collect();
    let place = format!(
        "{:?}, run {run}: {options:?}, {} rows, batch of {}",
        scratch.kind,
        before.len(),
        batch.len()
    );

    let mut rows = QuerySet::of(&good(), &shop.writer);
    if let Some(from) = options.from_stock {
        rows = rows.filter_by(Q::named("stock__gte", from));
    }
    let records: Vec<_> = batch.iter().map(record).collect();
    let mut update = rows.bulk_update(records, |_| ["stock", "name"]);
    if options.skip_unchanged {
        update = update.skip_unchanged();
    }
    let (missing, changes) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
    match options.missing {
        Told::Keys => {}
        Told::Count => update = update.count_missing(),
        Told::Rows => {
            let missing = missing.clone();
            update = update.each_missing(move |record| {
                let Value::Int(id) = record.values()[0] else { panic!("no key: {record:?}") };
                missing.lock().unwrap().push(id);
                Ok(())
            });
        }
    }
    if options.each_change {
        let changes = changes.clone();
        update = update.each_change(move |change| {
            *changes.lock().unwrap() += u64::from(change.old != change.new);
            Ok(())
        });
    }
    let report = update.await.unwrap_or_else(|error| panic!("{place}: {error}"));

    let differing = batch.iter().filter(|row| table.get(&row.0).is_some_and(|stored| stored != *row)).count();
    let expected = expected(&mut table, &batch, options);
    assert_eq!(report.matched, expected.matched, "{place}");
    assert_eq!(report.skipped, expected.skipped, "{place}");
    assert_eq!(report.missing_count, expected.missing.len() as u64, "{place}");
    assert_eq!(report.matched + report.missing_count, batch.len() as u64, "{place}");
    // MariaDB and MySQL leave rows alone that have the values
    let counts_equal_rows = !matches!(scratch.kind, Kind::Sqlite | Kind::Postgres) && !options.skip_unchanged;
    if !counts_equal_rows {
        assert_eq!(report.changed, expected.changed, "{place}");
    }
    if options.each_change && options.guard == Guard::Nothing && options.from_stock.is_none() {
        assert_eq!(*changes.lock().unwrap(), differing as u64, "{place}");
    }
    let mut named: Vec<i64> = match options.missing {
        Told::Keys => {
            report.missing.iter().map(|key| if let Value::Int(id) = key[0] { id } else { 0 }).collect()
        }
        Told::Count => expected.missing.clone(),
        Told::Rows => missing.lock().unwrap().clone(),
    };
    named.sort_unstable();
    assert_eq!(named, expected.missing, "{place}");
    assert_eq!(shop.rows().await, table.into_values().collect::<Vec<_>>(), "{place}");
}
