//! Damaged files.

use enmasse::serde_json;
use enmasse_testing::{Kind, test_on};

use super::random::Random;
use super::{Ran, kept, rows, runs, seed};
use crate::program::{Trial, on_trial};

/// How many rows the right files have: those of the Parquet file that is kept.
const ROWS: u64 = 3_000;

const PARQUET: &[u8] = include_bytes!("../../data/good.parquet");

/// A kind of file: its source, and the way to count the rows of a damaged file.
struct Form {
    name: &'static str,
    right: Vec<u8>,
    words: &'static [&'static [u8]],
    count: fn(&[u8]) -> Option<u64>,
}

fn forms() -> Vec<Form> {
    let csv = |rows: u64| {
        let row = |id: u64| {
            if id.is_multiple_of(7) {
                format!("\"{id}\",\"{}\"\n", id * 2)
            } else {
                format!("{id},{}\n", id * 2)
            }
        };
        format!("id,v\n{}", (0..rows).map(row).collect::<String>())
    };
    let jsonl: String = (0..300).map(|id| format!("{{\"id\": {id}, \"v\": \"{}\"}}\n", id * 2)).collect();
    let gzip = |text: &str| {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |text: &str| {
        use std::io::Write;
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    const TEXT: &[&[u8]] = &[
        b"\"",
        b"\"\"",
        b",",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"9e99",
        b"-",
        b"9223372036854775808",
        b"{",
        b"}",
        b"[[[[",
        b"\\u0000",
        b"sep=;\n",
        b";",
        b"NaN",
        b"1e5",
        b"null",
    ];
    const BINARY: &[&[u8]] = &[
        b"\0",
        b"\xff\xff\xff\xff\x0f",
        b"PAR1",
        b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
        b"\x15\x15",
        b"\x1f\x8b",
    ];
    vec![
        Form { name: "f.csv", right: csv(300).into(), words: TEXT, count: rows::of_csv },
        Form { name: "f.jsonl", right: jsonl.into(), words: TEXT, count: rows::of_lines },
        Form { name: "f.parquet", right: PARQUET.to_vec(), words: BINARY, count: |_| Some(ROWS) },
        Form {
            name: "f.csv.gz",
            right: gzip(&csv(300)),
            words: BINARY,
            count: |bytes| rows::of_csv(&rows::decompressed(bytes)?),
        },
        Form {
            name: "f.csv.zst",
            right: zstd(&csv(300)),
            words: BINARY,
            count: |bytes| rows::of_csv(&zstd::decode_all(bytes).ok()?),
        },
    ]
}

#[test_on(all)]
fn a_damaged_file_is_applied_whole_or_not_at_all(kind: Kind) {
    // the files are read alike for every database: most runs are on the one that costs least
    let runs = if kind == Kind::Sqlite { runs() } else { runs() / 5 };
    on_trial(kind, async |trial| each(trial, runs).await);
}

async fn each(trial: &Trial<'_>, runs: u64) {
    trial.run("CREATE TABLE t (id BIGINT PRIMARY KEY, v BIGINT NOT NULL)").await;
    let numbers = (0..ROWS).map(|id| format!("({id}, -1)")).collect::<Vec<_>>();
    trial.run(&format!("INSERT INTO t VALUES {}", numbers.join(","))).await;
    let mut wrong = Vec::new();
    for form in forms() {
        for case in 0..runs {
            let mut random = Random::of(seed(), case);
            let mut file = form.right.clone();
            random.damage(&mut file, form.words);
            trial.write(form.name, &file);
            let ran = Ran::of(trial.command([form.name, "--table", "t", "--json"]));
            let problem = match ran.fault() {
                Some(fault) => Some(fault),
                None => difference(trial, &form, &file, &ran).await,
            };
            if let Some(problem) = problem {
                let place = kept(&format!("{:?}-{}-{case}-{}", trial.kind, seed(), form.name), &file);
                wrong.push(format!(
                    "{:?}, seed {}, case {case}: {problem}\n{}\n{}{}",
                    trial.kind,
                    seed(),
                    place.display(),
                    ran.out,
                    ran.err.chars().take(2_000).collect::<String>()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n\n{}", wrong.len(), 5 * runs, wrong.join("\n\n"));
}

/// What is wrong with what it wrote.
async fn difference(trial: &Trial<'_>, form: &Form, file: &[u8], ran: &Ran) -> Option<String> {
    let written = trial.number("SELECT count(*) FROM t WHERE v <> -1").await as u64;
    if ran.code != Some(0) {
        return (written > 0).then(|| format!("it failed and wrote {written} rows"));
    }
    trial.run("UPDATE t SET v = -1 WHERE v <> -1").await;
    let said: serde_json::Value = serde_json::from_str(&ran.out).ok()?;
    let number = |name: &str| said[name].as_u64().unwrap_or(u64::MAX);
    let (matched, missing) = (number("matched"), number("missing"));
    match (form.count)(file) {
        // a value that was -1 already is none that was written
        _ if number("changed") != written => {
            Some(format!("it says that it changed {}, and {written} are", number("changed")))
        }
        Some(rows) if matched + missing != rows => {
            Some(format!("the file has {rows} rows, of which {matched} matched and {missing} were missing"))
        }
        None => Some("its rows cannot be counted".to_owned()),
        _ => None,
    }
}
