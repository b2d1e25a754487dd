//! How fast files are read: `cargo test --release -p enmasse-cli speed -- --ignored --nocapture`.

use std::fmt::Write;
use std::time::Instant;

use super::*;

const ROWS: usize = 1_000_000;

fn columns() -> Vec<Wanted> {
    vec![
        wanted("id", DataType::BigInt),
        wanted("name", DataType::Text { max_length: Some(50) }),
        wanted("points", DataType::Integer),
        wanted("price", DataType::Decimal { max_digits: Some(10), decimal_places: Some(2) }),
        wanted("seen", DataType::DateTime),
        wanted("active", DataType::Bool),
        wanted("note", DataType::TEXT),
    ]
}

fn time(file: &Sample) {
    let input = file.open().unwrap();
    let start = Instant::now();
    let rows = input.rows(&columns()).unwrap();
    let right = rows.filter(|item| matches!(item, Ok(Item::Row(_)))).count();
    assert_eq!(right, ROWS);
    println!("{}: {:.2?} for {ROWS} rows, {} bytes", file.bare(input.name()), start.elapsed(), input.size());
}

#[test]
#[ignore = "to be measured in release"]
fn a_million_rows() {
    let (mut csv, mut jsonl) = ("id,name,points,price,seen,active,note\n".to_owned(), String::new());
    for id in 0..ROWS {
        let (cents, minute, active) = (id % 100, id % 60, id % 2 == 0);
        let seen = format!("2024-02-29 09:{minute:02}:00.250+00:00");
        let note = "what there is to say of it";
        writeln!(csv, "{id},name {id},{},{id}.{cents:02},{seen},{active},{note} {id}", id % 1_000).unwrap();
        writeln!(
            jsonl,
            "{{\"id\":{id},\"name\":\"name {id}\",\"points\":{},\"price\":{id}.{cents:02},\"seen\":\"{seen}\",\
             \"active\":{active},\"note\":\"{note} {id}\"}}",
            id % 1_000
        )
        .unwrap();
    }
    let (packed, csv) = (Sample::new("rows.csv.gz", gzip(csv.as_bytes())), Sample::new("rows.csv", csv));
    let jsonl = Sample::new("rows.jsonl", jsonl);
    for file in [&csv, &csv, &packed, &jsonl] {
        time(file);
    }
}
