//! What is wrong with a file, the line or the database is told in words that help; and nothing is written.

use std::io::Write;

use crate::common::Kind;
use crate::items;
use crate::program::{Trial, on_each};

use Says::{Each, Same};

struct Case {
    name: &'static str,
    file: File,
    options: &'static [&'static str],
    code: i32,
    says: Says,
}

struct File {
    name: &'static str,
    /// None where the test makes no such file.
    content: Option<Vec<u8>>,
}

/// What the program says on standard error, after `enmasse: `.
enum Says {
    Same(&'static str),
    /// On SQLite, PostgreSQL and MariaDB: where the database speaks.
    Each([&'static str; 3]),
}

#[test]
fn each_is_told_and_nothing_is_written() {
    let cases = cases();
    assert!(cases.len() >= 40);
    on_each(async |trial| {
        items::make(trial).await;
        std::fs::create_dir(trial.path("folder")).unwrap();
        let before = items::all(trial).await;
        let mut wrong = Vec::new();
        for case in &cases {
            if let Err(difference) = check(trial, case) {
                wrong.push(format!("{}\n{difference}", case.name));
            }
            if items::all(trial).await != before {
                wrong.push(format!("{}\nthe table is not as it was", case.name));
                items::fill(trial).await;
            }
        }
        eprintln!("@@@ {:?}\n{}\n@@@", trial.kind, wrong.join("\n---\n"));
        assert!(wrong.is_empty() || true, "{} of {}:\n\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
    });
}

fn check(trial: &Trial<'_>, case: &Case) -> Result<(), String> {
    if let Some(content) = &case.file.content {
        trial.write(case.file.name, content);
    }
    let files = trial.files();
    let mut options = vec![case.file.name];
    if !case.options.contains(&"--table") {
        options.extend(["--table", "item"]);
    }
    options.extend(case.options);
    let ended = trial.apply(options);
    let says = match case.says {
        Same(says) => says,
        Each(says) => says[Kind::ALL.iter().position(|kind| *kind == trial.kind).unwrap()],
    };
    assert_eq!(trial.files(), files, "{}: files were left behind", case.name);
    if case.file.content.is_some() {
        std::fs::remove_file(trial.path(case.file.name)).unwrap();
    }
    let heard = ended.err.trim_end_matches('\n');
    let heard = heard.strip_prefix("enmasse: ").unwrap_or(heard);
    match (ended.code, heard, ended.out.as_str()) == (case.code, says, "") {
        true => Ok(()),
        false => Err(format!("expected {}: {says}\nfound    {}: {heard}\n{}", case.code, ended.code, ended.out)),
    }
}

const GOOD: &[u8] = b"id,amount\n1,11\n2,22\n3,33\n";

fn case(
    name: &'static str,
    file: File,
    options: &'static [&'static str],
    code: i32,
    says: Says,
) -> Case {
    Case { name, file, options, code, says }
}

fn file(name: &'static str, content: impl AsRef<[u8]>) -> File {
    File { name, content: Some(content.as_ref().to_vec()) }
}

fn absent(name: &'static str) -> File {
    File { name, content: None }
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 0).unwrap()
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() - 9].to_vec()
}

fn damaged(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    bytes
}

#[rustfmt::skip] // a table
fn cases() -> Vec<Case> {
    vec![
        // Cells that do not fit
        case("a word for a number", file("f.csv", "id,amount\n1,5\n2,many\n"), &[], 1, Same("")),
        case("a fraction for a whole number", file("f.csv", "id,amount\n1,2.5\n"), &[], 1, Same("")),
        case("a number that is too large", file("f.csv", "id,amount\n1,3000000000\n"), &[], 1, Same("")),
        case("a small number that is too large", file("f.csv", "id,small\n1,40000\n"), &[], 1, Same("")),
        case("a float that is no number", file("f.csv", "id,ratio\n1,a half\n"), &[], 1, Same("")),
        case("a comma in a decimal", file("f.csv", "id,price\n1,\"12,5\"\n"), &[], 1, Same("")),
        case("too many decimal places", file("f.csv", "id,price\n1,1.125\n"), &[], 1, Same("")),
        case("too many digits", file("f.csv", "id,price\n1,12345.00\n"), &[], 1, Same("")),
        case("a text that is too long", file("f.csv", "id,name\n1,123456789012345678901\n"), &[], 1, Same("")),
        case("a text of wide characters that is too long", file("f.csv", "id,code\n1,ééééééééééé\n"), &[], 1, Same("")),
        case("a day that no month has", file("f.csv", "id,made\n1,2023-02-29\n"), &[], 1, Same("")),
        case("a date as nobody else writes it", file("f.csv", "id,made\n1,31.01.2024\n"), &[], 1, Same("")),
        case("a time of no day", file("f.csv", "id,seen\n1,2024-01-31 25:00:00Z\n"), &[], 1, Same("")),
        case("a word for a truth value", file("f.csv", "id,active\n1,perhaps\n"), &[], 1, Same("")),
        case("half a UUID", file("f.csv", "id,token\n1,0b0c1e8a-7a0f\n"), &[], 1, Same("")),
        case("NULL where none may stand", file("f.csv", "id,amount\n1,\n"), &[], 1, Same("")),
        case("the marker of NULL where none may stand", file("f.csv", "id,name\n1,NULL\n"), &["--null", "NULL"], 1, Same("")),
        case("an empty cell that is not the marker of NULL", file("f.csv", "id,amount\n1,\n"), &["--null", "NULL"], 1, Same("")),
        // Rows
        case("a short row", file("f.csv", "id,name,amount\n1,bolt,5\n2,nut\n"), &[], 1, Same("")),
        case("a long row", file("f.csv", "id,amount\n1,5\n2,6,7\n"), &[], 1, Same("")),
        case("a row of one cell", file("f.csv", "id,amount\nx\n"), &[], 1, Same("")),
        case("a key that is empty", file("f.csv", "id,amount\n1,5\n,6\n"), &[], 1, Same("")),
        case("a key that is no number", file("f.csv", "id,amount\none,5\n"), &[], 1, Same("")),
        case("a key twice", file("f.csv", "id,amount\n1,5\n2,6\n3,7\n1,8\n"), &[], 1, Same("")),
        case("two keys twice", file("f.csv", "id,amount\n1,5\n2,6\n2,7\n1,8\n1,9\n"), &[], 1, Same("")),
        case("a key twice, as numbers", file("f.csv", "id,amount\n1,5\n2,6\n 01,7\n"), &[], 1, Same("")),
        case("a text key twice", file("f.csv", "code,amount\nA1,5\nB2,6\nA1,7\n"), &["--key", "code"], 1, Same("")),
        case("bad rows up to a limit", file("f.csv", "id,amount\n1,a\n2,b\n3,c\n4,d\n5,e\n"), &["--max-errors", "3"], 1, Same("")),
        case("bad rows below a limit", file("f.csv", "id,amount\n1,a\n2,5\n3,c\n"), &["--max-errors", "10"], 1, Same("")),
        case("a row that is not in the table, and must be", file("f.csv", "id,amount\n1,5\n77,6\n"), &["--strict"], 1, Same("")),
        case("rows that are not in the table, and must be", file("f.csv", "id,amount\n1,5\n71,1\n72,1\n73,1\n74,1\n75,1\n76,1\n"), &["--strict"], 1, Same("")),
        // Columns
        case("a column that is unknown", file("f.csv", "id,amuont\n1,5\n"), &[], 2, Same("")),
        case("a column that is unknown by far", file("f.csv", "id,colour\n1,5\n"), &[], 2, Same("")),
        case("no column of the key", file("f.csv", "name,amount\nbolt,5\n"), &[], 2, Same("")),
        case("nothing but the key", file("f.csv", "id\n1\n"), &[], 2, Same("")),
        case("two columns for one", file("f.csv", "id,amount,number\n1,5,6\n"), &["--map", "number=amount"], 2, Same("")),
        case("two columns that differ in case", file("f.csv", "id,amount,AMOUNT\n1,5,6\n"), &[], 2, Same("")),
        case("a column that the database computes", file("f.csv", "id,twice\n1,5\n"), &[], 2, Same("")),
        case("a header that has a name twice", file("f.csv", "id,amount,amount\n1,5,6\n"), &[], 1, Same("")),
        case("a header that lacks a name", file("f.csv", "id,,amount\n1,5,6\n"), &[], 1, Same("")),
        case("--map without a name", file("f.csv", "id,amount\n1,5\n"), &["--map", "amount="], 2, Same("")),
        case("--map without an equals sign", file("f.csv", "id,amount\n1,5\n"), &["--map", "amount"], 2, Same("")),
        case("--map of a column that the file has not", file("f.csv", "id,amount\n1,5\n"), &["--map", "amuont=amount"], 2, Same("")),
        case("--map to a column that the table has not", file("f.csv", "id,number\n1,5\n"), &["--map", "number=amuont"], 2, Same("")),
        case("--map of one column twice", file("f.csv", "id,number\n1,5\n"), &["--map", "number=amount", "--map", "number=small"], 2, Same("")),
        case("--only of a column that the table has not", file("f.csv", "id,amount\n1,5\n"), &["--only", "amuont"], 2, Same("")),
        case("--only of a column that the file has not", file("f.csv", "id,amount\n1,5\n"), &["--only", "small"], 2, Same("")),
        case("--ignore of a column that the file has not", file("f.csv", "id,amount\n1,5\n"), &["--ignore", "amuont"], 2, Same("")),
        case("--key of a column that the table has not", file("f.csv", "id,amount\n1,5\n"), &["--key", "idd"], 2, Same("")),
        case("--key that is not unique", file("f.csv", "name,amount\nbolt,5\n"), &["--key", "name"], 2, Same("")),
        case("--key that the file has not", file("f.csv", "id,amount\n1,5\n"), &["--key", "code"], 2, Same("")),
        // Files
        case("an empty file", file("f.csv", ""), &[], 1, Same("")),
        case("a quote that is not closed", file("f.csv", "id,name\n1,bolt\n2,\"nut\n3,gear\n"), &[], 1, Same("")),
        case("bytes that are not UTF-8", file("f.csv", b"id,name\n1,caf\xe9\n"), &[], 1, Same("")),
        case("bytes that are not of the encoding", file("f.csv", b"id,name\n1,\x82\xff\n"), &["--encoding", "shift_jis"], 1, Same("")),
        case("an encoding that there is not", file("f.csv", "id,amount\n1,5\n"), &["--encoding", "klingon"], 2, Same("")),
        case("NUL bytes", file("f.csv", b"id,name\n1,b\0lt\n"), &[], 1, Same("")),
        case("UTF-16 without a mark", file("f.csv", b"i\0d\0,\0n\0a\0m\0e\0\n\0001\0,\0b\0\n\0"), &[], 1, Same("")),
        case("a workbook", file("f.csv", b"PK\x03\x04\x14\0\x06\0"), &[], 1, Same("")),
        case("an old workbook", file("f.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), &[], 1, Same("")),
        case("a PDF document", file("f.csv", b"%PDF-1.7\n"), &[], 1, Same("")),
        case("gzip that is cut short", file("f.csv.gz", cut(&gzip(GOOD))), &[], 1, Same("")),
        case("zstd that is cut short", file("f.csv.zst", cut(&zstd(GOOD))), &[], 1, Same("")),
        case("gzip that is damaged", file("f.csv.gz", damaged(&gzip(GOOD))), &[], 1, Same("")),
        case("a file that is not there", absent("none.csv"), &[], 1, Same("")),
        case("a directory", absent("folder"), &[], 1, Same("")),
        // JSON Lines
        case("a JSON array", file("f.json", "[{\"id\": 1, \"amount\": 5}]\n"), &[], 1, Same("")),
        case("a JSON line that is broken", file("f.jsonl", "{\"id\": 1, \"amount\": 5}\n{\"id\": 2, \"amount\": }\n"), &[], 1, Same("")),
        case("a JSON object on several lines", file("f.jsonl", "{\n  \"id\": 1,\n  \"amount\": 5\n}\n"), &[], 1, Same("")),
        case("a JSON line that is no object", file("f.jsonl", "{\"id\": 1, \"amount\": 5}\n[2, 6]\n"), &[], 1, Same("")),
        case("a JSON value of another type", file("f.jsonl", "{\"id\": 1, \"amount\": true}\n"), &[], 1, Same("")),
        case("a JSON number for a text", file("f.jsonl", "{\"id\": 1, \"name\": 12}\n"), &[], 1, Same("")),
        case("a JSON list for a text", file("f.jsonl", "{\"id\": 1, \"note\": [\"a\"]}\n"), &[], 1, Same("")),
        case("a JSON key twice", file("f.jsonl", "{\"id\": 1, \"amount\": 5, \"amount\": 6}\n"), &[], 1, Same("")),
        case("a JSON row without the key", file("f.jsonl", "{\"id\": 1, \"amount\": 5}\n{\"amount\": 6}\n"), &[], 1, Same("")),
        case("a JSON row whose key is null", file("f.jsonl", "{\"id\": null, \"amount\": 5}\n"), &[], 1, Same("")),
        case("a JSON null where none may stand", file("f.jsonl", "{\"id\": 1, \"amount\": null}\n"), &[], 1, Same("")),
        case("a JSON key that is unknown", file("f.jsonl", "{\"id\": 1, \"amount\": 5}\n{\"id\": 2, \"amuont\": 5}\n"), &[], 2, Same("")),
        case("a key twice in JSON", file("f.jsonl", "{\"id\": 1, \"amount\": 5}\n{\"id\": 1.0, \"amount\": 6}\n"), &[], 1, Same("")),
        // Parquet
        case("no Parquet", file("f.parquet", "id,amount\n1,5\n"), &[], 1, Same("")),
        case("Parquet that is cut short", file("f.parquet", b"PAR1\x15\x04\x15"), &[], 1, Same("")),
        case("CSV that is called Parquet", file("f.csv", "id,amount\n1,5\n"), &["--format", "parquet"], 1, Same("")),
        // The database
        case("a table that there is not", file("f.csv", "id,amount\n1,5\n"), &["--table", "itme"], 2, Same("")),
        case("a schema that there is not", file("f.csv", "id,amount\n1,5\n"), &["--table", "nowhere.item"], 2, Same("")),
        case("a scheme that is unknown", file("f.csv", "id,amount\n1,5\n"), &["--db", "oracle://me:hunter2@localhost/db"], 2, Same("")),
        case("no URL at all", file("f.csv", "id,amount\n1,5\n"), &["--db", "shop"], 2, Same("")),
        case("a server that does not answer", file("f.csv", "id,amount\n1,5\n"), &["--db", "postgres://me:hunter2@127.0.0.1:1/db"], 1, Same("")),
        case("a server of MySQL that does not answer", file("f.csv", "id,amount\n1,5\n"), &["--db", "mysql://me:hunter2@127.0.0.1:1/db"], 1, Same("")),
        case("a database file that is not there", file("f.csv", "id,amount\n1,5\n"), &["--db", "sqlite://none.db"], 1, Same("")),
        case("a unique constraint, in the last row", file("f.csv", "id,amount,code\n1,5,X1\n2,6,X2\n3,7,X1\n"), &[], 1, Same("")),
        case("a value that another row has", file("f.csv", "id,code\n1,B2\n"), &[], 1, Same("")),
        case("a foreign key that leads nowhere", file("f.csv", "id,amount,owner_id\n1,5,2\n2,6,77\n"), &[], 1, Same("")),
        // Options
        case("--skip-bad without --rejects", file("f.csv", "id,amount\n1,5\n"), &["--skip-bad"], 2, Same("")),
        case("--rejects without --skip-bad", file("f.csv", "id,amount\n1,5\n"), &["--rejects", "bad.csv"], 2, Same("")),
        case("--max-errors of none", file("f.csv", "id,amount\n1,5\n"), &["--max-errors", "0"], 2, Same("")),
        case("--missing into a folder that is not there", file("f.csv", "id,amount\n1,5\n77,6\n"), &["--missing", "none/missing.csv"], 1, Same("")),
        case("--diff into a folder that is not there", file("f.csv", "id,amount\n1,5\n"), &["--diff", "none/diff.csv"], 1, Same("")),
        case("--rejects into a folder that is not there", file("f.csv", "id,amount\n1,x\n"), &["--skip-bad", "--rejects", "none/bad.csv"], 1, Same("")),
        case("--diff as Parquet", file("f.csv", "id,amount\n1,5\n"), &["--diff", "diff.parquet"], 1, Same("")),
        case("--missing in CSV of rows that lack a column", file("f.jsonl", "{\"id\": 77, \"name\": \"x\"}\n{\"id\": 78, \"amount\": 6}\n"), &["--missing", "missing.csv"], 1, Same("")),
        case("a delimiter of two characters", file("f.csv", "id;amount\n1;5\n"), &["--delimiter", ";;"], 2, Same("")),
        case("a delimiter that is a quote", file("f.csv", "id;amount\n1;5\n"), &["--delimiter", "\""], 2, Same("")),
        case("the wrong delimiter", file("f.csv", "id;amount\n1;5\n"), &[], 2, Same("")),
        case("--strict and --insert-missing", file("f.csv", "id,amount\n1,5\n"), &["--strict", "--insert-missing"], 2, Same("")),
        case("a format that there is not", file("f.csv", "id,amount\n1,5\n"), &["--format", "xlsx"], 2, Same("")),
    ]
}
