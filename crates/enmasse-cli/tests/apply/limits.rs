//! Limits on files: an error names the limit, and the program's memory stays small for any file.

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use enmasse_testing::{Kind, test_on};
use parquet::basic::{Compression, GzipLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::bad_input::gzip;
use crate::items;
use crate::program::{Ended, Trial, on_trial};

const MIB: usize = 1 << 20;

/// The most memory that the program may have, in KiB.
const MEMORY: u64 = 100 * 1024;

/// Runs it, and returns its peak memory in KiB.
fn measured(trial: &Trial<'_>, args: &[&str]) -> (Ended, u64) {
    let mut command = trial.command(args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    // what it prints is read, or it would wait
    let ended = std::thread::spawn(move || Ended::of(child.wait_with_output().unwrap()));
    let mut most = 0;
    while !ended.is_finished() {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    (ended.join().unwrap(), most)
}

/// The file is refused with these words, and little memory; nothing is written.
async fn refused(trial: &Trial<'_>, name: &str, content: impl AsRef<[u8]>, says: &str) {
    trial.write(name, content);
    let before = items::all(trial).await;
    let (ended, memory) = measured(trial, &[name, "--table", "item"]);
    let said = ended.without_progress().failed(1);
    assert!(said.contains(says), "{name}: {said}");
    assert!(said.len() < 10_000, "{name}: a message of {} bytes", said.len());
    assert!(memory < MEMORY, "{name}: {memory} KiB: {said}");
    assert_eq!(items::all(trial).await, before);
    std::fs::remove_file(trial.path(name)).unwrap();
}

#[test_on(sqlite)]
fn b06_one_row_is_not_read_whole_whatever_its_length(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let long = "x".repeat(64 * MIB);
        let says =
            "f.csv:2: the row is longer than 4 MiB; --max-row allows more. It has an unclosed quote.\n";
        refused(trial, "f.csv", format!("id,note\n1,\"{}\n", "a,b\n".repeat(16 * MIB)), says).await;
        refused(
            trial,
            "f.csv",
            format!("id,note\n1,{long}\n"),
            "f.csv:2: the row is longer than 4 MiB; --max-row allows more.\n",
        )
        .await;
        refused(trial, "f.csv", format!("id,{long}\n1,2\n"), "f.csv:1: the row is longer than 4 MiB").await;
        refused(
            trial,
            "f.csv",
            ",".repeat(MIB),
            "f.csv:1: has more than 65536 columns, which is the maximum.\n",
        )
        .await;
        let line = format!("{{\"id\":1}}\n{{\"id\":2,\"note\":\"{long}\"}}\n");
        refused(trial, "f.jsonl", line, "f.jsonl:2: the row is longer than 4 MiB; --max-row allows more.\n")
            .await;
        let bomb = gzip(format!("id,note\n1,{long}\n").as_bytes());
        assert!(bomb.len() < MIB);
        refused(trial, "f.csv.gz", bomb, "f.csv.gz:2: the row is longer than 4 MiB").await;
    });
}

#[test_on(sqlite)]
fn b06_columns_are_not_kept_whatever_their_number(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let keys = |from: usize| {
            (from..from + 30_000).map(|key| format!("\"k{key}\":1")).collect::<Vec<_>>().join(",")
        };
        let lines: String = (0..10).map(|row| format!("{{\"id\":{row},{}}}\n", keys(row * 30_000))).collect();
        refused(trial, "f.jsonl", lines, "f.jsonl:3: has more than 65536 columns").await;
        let one = (0..300_000).map(|key| format!("\"{key}\":1")).collect::<Vec<_>>().join(",");
        refused(trial, "f.jsonl", format!("{{{one}}}\n"), "has more than 65536 columns").await;
    });
}

#[test_on(sqlite)]
fn b06_a_header_of_many_columns_is_quick(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let names: Vec<_> = (0..50_000).map(|column| format!("column_{column}")).collect();
        trial.write("f.csv", format!("id,amount,{}\n1,11{}\n", names.join(","), ",".repeat(50_000)));
        let began = Instant::now();
        let counts = trial.apply(["f.csv", "--table", "item", "--only", "amount"]).counts();
        assert_eq!(counts, "1 matched, 1 changed, 0 not in the table");
        let said = trial.apply(["f.csv", "--table", "item"]).failed(2);
        assert!(said.contains("'column_0'") && said.len() < 2_000, "{said}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    });
}

#[test_on(all)]
fn b06_long_rows_pass_with_little_memory(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let file = std::fs::File::create(trial.path("f.csv")).unwrap();
        let mut file = std::io::BufWriter::new(file);
        writeln!(file, "id,note").unwrap();
        let note = "é".repeat(MIB - 100);
        for row in 0..40 {
            writeln!(file, "{},{note}{row}", row % 3 + row / 3 * 1_000 + 1).unwrap();
        }
        drop(file);
        let (ended, memory) = measured(trial, &["f.csv", "--table", "item", "--missing", "m.csv"]);
        assert_eq!(ended.counts(), "3 matched, 3 changed, 37 not in the table");
        let length = if Kind::MYSQL_FAMILY.contains(&trial.kind) { "char_length" } else { "length" };
        assert_eq!(
            trial.query(&format!("SELECT {length}(note) FROM item WHERE id = 1")).await,
            (MIB - 99).to_string()
        );
        assert!(memory < MEMORY, "{:?}: {memory} KiB", trial.kind);
    });
}

/// Writes a file of this many rows from `first` on, whose notes are this long.
fn write_notes(trial: &Trial<'_>, columns: &str, rows: std::ops::Range<usize>, length: usize) {
    let file = std::fs::File::create(trial.path("f.csv")).unwrap();
    let mut file = std::io::BufWriter::new(file);
    writeln!(file, "{columns}").unwrap();
    let note = "x".repeat(length);
    rows.for_each(|row| writeln!(file, "{row},500,{note}{row}").unwrap());
}

#[test_on(all)]
fn b06_many_long_rows_are_inserted_with_little_memory(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id integer PRIMARY KEY, n integer, note text)").await;
        write_notes(trial, "id,n,note", 0..1_000, 60_000);
        let args = ["f.csv", "--table", "t", "--insert-missing", "--missing", "m.csv"];
        let (ended, memory) = measured(trial, &args);
        assert_eq!(ended.counts(), "0 matched, 0 changed, 1,000 not in the table, 1,000 inserted");
        assert!(memory < MEMORY, "{:?}: {memory} KiB", trial.kind);
    });
}

#[test_on(all)]
fn b06_many_long_rows_are_refused_with_little_memory(kind: Kind) {
    on_trial(kind, async |trial| {
        let text = if trial.kind.in_mysql_family() { "longtext" } else { "text" };
        trial
            .run(&format!(
                "CREATE TABLE t (id integer PRIMARY KEY, n integer, note {text}, CHECK (n < 100 OR id < 5))"
            ))
            .await;
        trial.run(&format!("INSERT INTO t SELECT id, 1, 'x' FROM {}", trial.kind.numbers(40))).await;
        write_notes(trial, "id,n,note", 1..41, 3 * MIB / 2);
        let args = ["f.csv", "--table", "t", "--skip-bad", "--rejects", "r.csv"];
        let (ended, memory) = measured(trial, &args);
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.out.contains(" 36 bad and skipped"), "{}", ended.out);
        assert!(memory < MEMORY, "{:?}: {memory} KiB", trial.kind);
    });
}

#[test_on(sqlite)]
fn b06_errors_are_not_kept_whatever_their_number(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let word = "x".repeat(60);
        let mut file = "id,amount\n".to_owned();
        (0..600_000).for_each(|row| file.push_str(&format!("{row},{word}\n")));
        trial.write("f.csv", file);
        let (ended, memory) = measured(trial, &["f.csv", "--table", "item", "--max-errors", "1000000000"]);
        let said = ended.without_progress().failed(1);
        assert!(said.starts_with("enmasse: f.csv:2: column 'amount': "), "{}", &said[..200]);
        let end = &said[said.len() - 100..];
        assert!(end.contains(" more bad rows\nNothing was written.\n"), "{end}");
        let told = said.lines().filter(|line| line.contains(": column 'amount': ")).count();
        assert!((1_000..60_000).contains(&told), "{told}: {end}");
        assert!(memory < MEMORY, "{memory} KiB");
    });
}

#[test_on(sqlite)]
fn b06_a_longer_row_may_be_allowed(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", format!("id,note\n1,{}\n", "x".repeat(5 * MIB)));
        let counts = trial.apply(["f.csv", "--table", "item", "--max-row", "6"]).counts();
        assert_eq!(counts, "1 matched, 1 changed, 0 not in the table");
        assert_eq!(trial.number("SELECT length(note) FROM item WHERE id = 1").await, 5 * MIB as i64);
    });
}

#[test_on(all)]
fn b06_a_row_that_json_makes_longer_is_inserted(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        // each character is six in JSON
        trial.write("f.csv", format!("id,name,amount,note\n7,x,1,{}\n", "\u{1}".repeat(MIB)));
        let counts = trial.apply(["f.csv", "--table", "item", "--insert-missing"]).counts();
        assert_eq!(counts, "0 matched, 0 changed, 1 not in the table, 1 inserted");
        assert_eq!(trial.number("SELECT length(note) FROM item WHERE id = 7").await, MIB as i64);
    });
}

/// A Parquet file of this many rows, with this many columns of texts of this length beside the key.
fn parquet(columns: usize, rows: usize, length: usize) -> Vec<u8> {
    let texts: String = (0..columns).map(|column| format!(" required binary note{column} (UTF8);")).collect();
    let schema =
        Arc::new(parse_message_type(&format!("message rows {{ required int64 id;{texts} }}")).unwrap());
    let compression = Compression::GZIP(GzipLevel::try_new(9).unwrap());
    let properties =
        WriterProperties::builder().set_compression(compression).set_dictionary_enabled(false).build();
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = vec![ByteArray::from(vec![b'x'; length]); rows];
    let keys: Vec<i64> = (1..=rows as i64).collect();
    for column in 0..=columns {
        let mut writer = group.next_column().unwrap().unwrap();
        match column {
            0 => writer.typed::<Int64Type>().write_batch(&keys, None, None),
            _ => writer.typed::<ByteArrayType>().write_batch(&texts, None, None),
        }
        .unwrap();
        writer.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    file
}

#[test_on(sqlite)]
fn b06_pages_of_parquet_are_not_kept_whatever_their_size(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        for column in 0..60 {
            trial.run(&format!("ALTER TABLE item ADD COLUMN note{column} text")).await;
        }
        let pages = "the pages of its columns need more than 48 MiB at a time";
        refused(trial, "f.parquet", parquet(1, 1, 200 * MIB), pages).await;
        refused(trial, "f.parquet", parquet(60, 1, MIB), "f.parquet: row 1: the row is longer than 4 MiB")
            .await;
        refused(trial, "f.parquet", parquet(60, 100, MIB / 100), pages).await;
        refused(trial, "f.parquet", parquet(1, 1, 5 * MIB), "f.parquet: row 1: the row is longer than 4 MiB")
            .await;
        trial.write("f.parquet", parquet(30, 40, MIB / 40));
        let (ended, memory) = measured(trial, &["f.parquet", "--table", "item"]);
        assert_eq!(ended.counts(), "3 matched, 3 changed, 37 not in the table");
        assert!(memory < MEMORY, "{memory} KiB");
    });
}

#[test_on(sqlite)]
fn b06_documents_are_not_taken_apart_whatever_they_have(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.run("ALTER TABLE item ADD COLUMN doc text CHECK (JSON_VALID(doc) OR doc IS NULL)").await;
        let line = |document: &str| format!("{{\"id\":1,\"doc\":{document}}}\n");
        let members = format!("[{}]", vec!["{\"\":0}"; 400_000].join(","));
        refused(
            trial,
            "f.jsonl",
            line(&members),
            "f.jsonl:1: column 'doc': the JSON document has too many values",
        )
        .await;
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        refused(
            trial,
            "f.jsonl",
            line(&deep),
            "f.jsonl:1: column 'doc': the JSON document is nested more than 128 levels deep.",
        )
        .await;
        let many: String =
            (0..400).map(|row| line(&format!("[{}{row}]", "{\"\":0},".repeat(10_000)))).collect();
        trial.write("f.jsonl", many.replacen("\"id\":1,", "\"id\":2,", 1));
        let (ended, memory) = measured(trial, &["f.jsonl", "--table", "item"]);
        assert_eq!(ended.code, 1, "{}", ended.err);
        assert!(memory < MEMORY, "{memory} KiB");
    });
}

#[test_on(all)]
fn b06_a_thousand_columns_are_compared(kind: Kind) {
    on_trial(kind, async |trial| {
        // InnoDB has 1,017 at most
        let columns = if Kind::MYSQL_FAMILY.contains(&trial.kind) { 900 } else { 1_100 };
        let named =
            |what: &str| (0..columns).map(|column| format!("c{column}{what}")).collect::<Vec<_>>().join(",");
        trial.run(&format!("CREATE TABLE wide (id integer PRIMARY KEY, {})", named(" integer"))).await;
        trial.run("INSERT INTO wide (id) VALUES (1), (2)").await;
        let row = |id: i32| format!("{id}{}\n", format!(",{}", id * 5).repeat(columns));
        trial.write("f.csv", format!("id,{}\n{}{}", named(""), row(1), row(2)));
        // Rows before and after would have twice as many columns.
        let says = format!(
            "f.csv: Rows of wide cannot be told as they were and as they are: that would be {} columns",
            2 * columns + 4
        );
        assert!(trial.apply(["f.csv", "--table", "wide", "--dry-run"]).failed(2).contains(&says));
        for changed in [2, 0] {
            let counts = trial.apply(["f.csv", "--table", "wide", "--missing", "m.csv"]).counts();
            assert_eq!(counts, format!("2 matched, {changed} changed, 0 not in the table"));
        }
        let last = columns - 1;
        assert_eq!(
            trial.query(&format!("SELECT id, c0, c{last} FROM wide ORDER BY id")).await,
            "1|5|5\n2|10|10"
        );
    });
}
