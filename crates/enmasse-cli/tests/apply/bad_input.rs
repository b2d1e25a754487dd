//! Errors in the file, the command line or the database have helpful messages; nothing is written.

use std::io::Write;

use crate::items;
use crate::program::{Trial, on_trial};

use Says::{Each, Same};
use enmasse_testing::{Kind, test_on};

struct Case {
    name: &'static str,
    file: File,
    options: &'static [&'static str],
    code: i32,
    says: Says,
}

struct File {
    name: &'static str,
    /// `None` if the test creates no such file.
    content: Option<Vec<u8>>,
}

/// What the program says on standard error, after `enmasse: `.
enum Says {
    Same(&'static str),
    /// The database's messages on SQLite, PostgreSQL, MariaDB and MySQL; empty if the input is valid there.
    Each([&'static str; 4]),
}

#[test_on(all)]
fn each_is_told_and_nothing_is_written(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        std::fs::create_dir(trial.path("folder")).unwrap();
        let before = items::all(trial).await;
        let cases = cases();
        let mut wrong = Vec::new();
        for case in &cases {
            if let Err(difference) = check(trial, case) {
                wrong.push(format!("{}\n{difference}", case.name));
            }
            assert_eq!(items::all(trial).await, before, "{}: the table is not as it was", case.name);
        }
        assert!(wrong.is_empty(), "{} of {}:\n\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
    });
}

fn check(trial: &Trial<'_>, case: &Case) -> Result<(), String> {
    let says = match case.says {
        Same(says) => says,
        Each(says) => says[Kind::ALL.iter().position(|kind| *kind == trial.kind).unwrap()],
    };
    if says.is_empty() {
        return Ok(());
    }
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
    assert_eq!(trial.files(), files, "{}: files were left behind", case.name);
    if case.file.content.is_some() {
        std::fs::remove_file(trial.path(case.file.name)).unwrap();
    }
    let heard = ended.err.trim_end_matches('\n');
    let heard = heard.strip_prefix("enmasse: ").unwrap_or(heard);
    // the scratch database has another name each time
    let heard = heard.replace(&trial.scratch_name(), "SCRATCH");
    if (ended.code, heard.as_str(), ended.out.as_str()) == (case.code, says, "") {
        Ok(())
    } else {
        Err(format!("expected {}: {says}\nfound    {}: {heard}\n{}", case.code, ended.code, ended.out))
    }
}

const GOOD: &[u8] = b"id,amount\n1,11\n2,22\n3,33\n";

fn case(name: &'static str, file: File, options: &'static [&'static str], code: i32, says: Says) -> Case {
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
        case("a word for a number", file("f.csv", "id,amount\n1,5\n2,many\n"), &[], 1, Same("f.csv:3: column 'amount': expected a whole number but got 'many'.\nNothing was written.")),
        case("a fraction for a whole number", file("f.csv", "id,amount\n1,2.5\n"), &[], 1, Same("f.csv:2: column 'amount': expected a whole number but got '2.5'.\nNothing was written.")),
        case("a number that is too large", file("f.csv", "id,amount\n1,3000000000\n"), &[], 1, Each(["", "f.csv:2: column 'amount': 3000000000 is not between -2147483648 and 2147483647.\nNothing was written.", "f.csv:2: column 'amount': 3000000000 is not between -2147483648 and 2147483647.\nNothing was written.", "f.csv:2: column 'amount': 3000000000 is not between -2147483648 and 2147483647.\nNothing was written."])),
        case("a number that is too large for any", file("f.csv", "id,amount\n1,99999999999999999999\n"), &[], 1, Same("f.csv:2: column 'amount': expected a whole number but got '99999999999999999999'.\nNothing was written.")),
        case("a small number that is too large", file("f.csv", "id,small\n1,40000\n"), &[], 1, Same("f.csv:2: column 'small': 40000 is not between -32768 and 32767.\nNothing was written.")),
        case("a float that is no number", file("f.csv", "id,ratio\n1,a half\n"), &[], 1, Same("f.csv:2: column 'ratio': expected a number but got 'a half'.\nNothing was written.")),
        case("a comma in a decimal", file("f.csv", "id,price\n1,\"12,5\"\n"), &[], 1, Same("f.csv:2: column 'price': expected a decimal number but got '12,5'.\nNothing was written.")),
        case("too many decimal places", file("f.csv", "id,price\n1,1.125\n"), &[], 1, Same("f.csv:2: column 'price': 1.125 has 3 decimal places, and at most 2 fit.\nNothing was written.")),
        case("too many digits", file("f.csv", "id,price\n1,12345.00\n"), &[], 1, Same("f.csv:2: column 'price': 12345.00 has 5 digits before the decimal point, and at most 4 fit (6 digits in all, 2 of them decimal places).\nNothing was written.")),
        case("a text that is too long", file("f.csv", "id,name\n1,123456789012345678901\n"), &[], 1, Same("f.csv:2: column 'name': '123456789012345678901' has 21 characters, and at most 20 fit.\nNothing was written.")),
        case("a text of wide characters that is too long", file("f.csv", "id,code\n1,ééééééééééé\n"), &[], 1, Same("f.csv:2: column 'code': 'ééééééééééé' has 11 characters, and at most 10 fit.\nNothing was written.")),
        case("a day that no month has", file("f.csv", "id,made\n1,2023-02-29\n"), &[], 1, Same("f.csv:2: column 'made': expected a date but got '2023-02-29'.\nNothing was written.")),
        case("a date as nobody else writes it", file("f.csv", "id,made\n1,31.01.2024\n"), &[], 1, Same("f.csv:2: column 'made': expected a date but got '31.01.2024'.\nNothing was written.")),
        case("a time of no day", file("f.csv", "id,seen\n1,2024-01-31 25:00:00Z\n"), &[], 1, Same("f.csv:2: column 'seen': expected a date and time in UTC but got '2024-01-31 25:00:00Z'.\nNothing was written.")),
        case("a word for a truth value", file("f.csv", "id,active\n1,perhaps\n"), &[], 1, Same("f.csv:2: column 'active': expected true or false but got 'perhaps'.\nNothing was written.")),
        case("half a UUID", file("f.csv", "id,token\n1,0b0c1e8a-7a0f\n"), &[], 1, Each(["", "f.csv:2: column 'token': expected a UUID but got '0b0c1e8a-7a0f'.\nNothing was written.", "f.csv:2: column 'token': expected a UUID but got '0b0c1e8a-7a0f'.\nNothing was written.", ""])),
        case("NULL where none may stand", file("f.csv", "id,amount\n1,\n"), &[], 1, Same("f.csv:2: column 'amount': NULL is not allowed.\nNothing was written.")),
        case("the marker of NULL where none may stand", file("f.csv", "id,name\n1,NULL\n"), &["--null", "NULL"], 1, Same("f.csv:2: column 'name': NULL is not allowed.\nNothing was written.")),
        case("an empty cell that is not the marker of NULL", file("f.csv", "id,amount\n1,\n"), &["--null", "NULL"], 1, Same("f.csv:2: column 'amount': expected a whole number but got ''.\nNothing was written.")),
        // Rows
        case("a short row", file("f.csv", "id,name,amount\n1,bolt,5\n2,nut\n"), &[], 1, Same("f.csv:3: has 2 cells, and the header has 3.\nNothing was written.")),
        case("a long row", file("f.csv", "id,amount\n1,5\n2,6,7\n"), &[], 1, Same("f.csv:3: has 3 cells, and the header has 2.\nNothing was written.")),
        case("a row of one cell", file("f.csv", "id,amount\nx\n"), &[], 1, Same("f.csv:2: has 1 cell, and the header has 2.\nNothing was written.")),
        case("a key that is empty", file("f.csv", "id,amount\n1,5\n,6\n"), &[], 1, Same("f.csv:3: column 'id': NULL is not allowed.\nNothing was written.")),
        case("a key that is no number", file("f.csv", "id,amount\none,5\n"), &[], 1, Same("f.csv:2: column 'id': expected a whole number but got 'one'.\nNothing was written.")),
        case("a key twice", file("f.csv", "id,amount\n1,5\n2,6\n3,7\n1,8\n"), &[], 1, Same("f.csv: duplicate key id=1: line 2, line 5\nNothing was written.")),
        case("two keys twice", file("f.csv", "id,amount\n1,5\n2,6\n2,7\n1,8\n1,9\n"), &[], 1, Same("f.csv: duplicate key id=1: line 2, line 5, line 6\nf.csv: duplicate key id=2: line 3, line 4\nNothing was written.")),
        case("a key twice, as numbers", file("f.csv", "id,amount\n1,5\n2,6\n 01,7\n"), &[], 1, Same("f.csv: duplicate key id=1: line 2, line 4\nNothing was written.")),
        case("a text key twice", file("f.csv", "code,amount\nA1,5\nB2,6\nA1,7\n"), &["--key", "code"], 1, Same("f.csv: duplicate key code='A1': line 2, line 4\nNothing was written.")),
        case("bad rows up to a limit", file("f.csv", "id,amount\n1,a\n2,b\n3,c\n4,d\n5,e\n"), &["--max-errors", "3"], 1, Same("f.csv:2: column 'amount': expected a whole number but got 'a'.\nf.csv:3: column 'amount': expected a whole number but got 'b'.\nf.csv:4: column 'amount': expected a whole number but got 'c'.\nNothing was written.")),
        case("bad rows below a limit", file("f.csv", "id,amount\n1,a\n2,5\n3,c\n"), &["--max-errors", "10"], 1, Same("f.csv:2: column 'amount': expected a whole number but got 'a'.\nf.csv:4: column 'amount': expected a whole number but got 'c'.\nNothing was written.")),
        case("a row that is not in the table, and must be", file("f.csv", "id,amount\n1,5\n77,6\n"), &["--strict"], 1, Same("f.csv: 1 row is not in item (id=77), and --strict refuses that. Nothing was written.")),
        case("rows that are not in the table, and must be", file("f.csv", "id,amount\n1,5\n71,1\n72,1\n73,1\n74,1\n75,1\n76,1\n"), &["--strict"], 1, Same("f.csv: 6 rows are not in item (id=71; id=72; id=73; id=74; id=75; …), and --strict refuses that. Nothing was written.")),
        // Columns
        case("a column that is unknown", file("f.csv", "id,amuont\n1,5\n"), &[], 2, Same("f.csv: item has no column 'amuont'. Did you mean 'amount'? Choices are: id, name, code, price, amount, small, ratio, made, seen, active, token, note, owner_id, twice. --map gives it another name, --ignore leaves it out.")),
        case("a column that is unknown by far", file("f.csv", "id,colour\n1,5\n"), &[], 2, Same("f.csv: item has no column 'colour'. Choices are: id, name, code, price, amount, small, ratio, made, seen, active, token, note, owner_id, twice. --map gives it another name, --ignore leaves it out.")),
        case("no column of the key", file("f.csv", "name,amount\nbolt,5\n"), &[], 2, Same("f.csv has no column 'id', the primary key of item; --key names another, --map another name for it. Its columns are: name, amount")),
        case("nothing but the key", file("f.csv", "id\n1\n"), &[], 2, Same("f.csv has no column to write: of those of item it has the key only")),
        case("two columns for one", file("f.csv", "id,amount,number\n1,5,6\n"), &["--map", "number=amount"], 2, Same("f.csv: the columns 'amount' and 'number' are both 'amount' in item: --ignore one of them")),
        case("two columns that differ in case", file("f.csv", "id,amount,AMOUNT\n1,5,6\n"), &[], 2, Same("f.csv: the columns 'amount' and 'AMOUNT' are both 'amount' in item: --ignore one of them")),
        case("a column that the database computes", file("f.csv", "id,twice\n1,5\n"), &[], 2, Same("f.csv: the column 'twice' is computed by the database in item: --ignore twice")),
        case("a header that has a name twice", file("f.csv", "id,amount,amount\n1,5,6\n"), &[], 1, Same("f.csv names 'amount' twice in its header, as columns 2 and 3.")),
        case("a header that lacks a name", file("f.csv", "id,,amount\n1,5,6\n"), &[], 1, Same("f.csv has no name for column 2 in its header: name it, or leave it out by --ignore ''")),
        case("--map without a name", file("f.csv", "id,amount\n1,5\n"), &["--map", "amount="], 2, Same("--map amount=: expected FILE_COLUMN=TABLE_COLUMN, as in --map 'new price=price'")),
        case("--map without an equals sign", file("f.csv", "id,amount\n1,5\n"), &["--map", "amount"], 2, Same("--map amount: expected FILE_COLUMN=TABLE_COLUMN, as in --map 'new price=price'")),
        case("--map of a column that the file has not", file("f.csv", "id,amount\n1,5\n"), &["--map", "amuont=amount"], 2, Same("--map: f.csv has no column 'amuont'. Did you mean 'amount'? Choices are: id, amount")),
        case("--map to a column that the table has not", file("f.csv", "id,number\n1,5\n"), &["--map", "number=amuont"], 2, Same("f.csv: column 'number': item has no column 'amuont'. Did you mean 'amount'? Choices are: id, name, code, price, amount, small, ratio, made, seen, active, token, note, owner_id, twice. --map gives it another name, --ignore leaves it out.")),
        case("--map of one column twice", file("f.csv", "id,number\n1,5\n"), &["--map", "number=amount", "--map", "number=small"], 2, Same("--map number=small: 'number' is mapped already")),
        case("--only of a column that the table has not", file("f.csv", "id,amount\n1,5\n"), &["--only", "amuont"], 2, Same("--only: item has no column 'amuont'. Did you mean 'amount'? Choices are: id, name, code, price, amount, small, ratio, made, seen, active, token, note, owner_id, twice")),
        case("--only of a column that the file has not", file("f.csv", "id,amount\n1,5\n"), &["--only", "small"], 2, Same("--only: f.csv has no column 'small'. Choices are: id, amount")),
        case("--ignore of a column that the file has not", file("f.csv", "id,amount\n1,5\n"), &["--ignore", "amuont"], 2, Same("--ignore: f.csv has no column 'amuont'. Did you mean 'amount'? Choices are: id, amount")),
        case("--key of a column that the table has not", file("f.csv", "id,amount\n1,5\n"), &["--key", "idd"], 2, Same("--key: item has no column 'idd'. Did you mean 'id'? Choices are: id, name, code, price, amount, small, ratio, made, seen, active, token, note, owner_id, twice")),
        case("--key that is not unique", file("f.csv", "name,amount\nbolt,5\n"), &["--key", "name"], 2, Same("f.csv: item: rows cannot be matched on name, which is not declared unique: one object could match several rows.")),
        case("--key that the file has not", file("f.csv", "id,amount\n1,5\n"), &["--key", "code"], 2, Same("f.csv has no column 'code', the key of item. Its columns are: id, amount")),
        // Files
        case("an empty file", file("f.csv", ""), &[], 1, Same("f.csv has no header line: it is empty.")),
        case("a quote that is not closed", file("f.csv", "id,name\n1,bolt\n2,\"nut\n3,gear\n"), &[], 1, Same("f.csv:3: this row has an unclosed quote.")),
        case("bytes that are not UTF-8", file("f.csv", b"id,name\n1,caf\xe9\n"), &[], 1, Same("f.csv:2: this is not UTF-8; give the encoding, as with --encoding latin1.")),
        case("bytes that are not of the encoding", file("f.csv", b"id,name\n1,\x82\xff\n"), &["--encoding", "shift_jis"], 1, Same("f.csv:2: this is not Shift_JIS; check --encoding.")),
        case("an encoding that there is not", file("f.csv", "id,amount\n1,5\n"), &["--encoding", "klingon"], 2, Same("unknown encoding 'klingon'; use a name of the WHATWG list: utf-8, latin1, windows-1252, utf-16le, shift_jis, …")),
        case("NUL bytes", file("f.csv", b"id,name\n1,b\0lt\n"), &[], 1, Same("f.csv:2: a NUL byte: this is not text; if it is UTF-16, use --encoding utf-16le.")),
        case("UTF-16 without a mark", file("f.csv", b"i\0d\0,\0n\0a\0m\0e\0\n\x001\0,\0b\0\n\0"), &[], 1, Same("f.csv:1: a NUL byte: this is not text; if it is UTF-16, use --encoding utf-16le.")),
        case("a workbook", file("f.csv", b"PK\x03\x04\x14\0\x06\0"), &[], 1, Same("f.csv is neither CSV nor JSON Lines: it is a zip archive or an Excel workbook: save the sheet as CSV.")),
        case("an old workbook", file("f.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), &[], 1, Same("f.csv is neither CSV nor JSON Lines: it is an old Excel workbook: save the sheet as CSV.")),
        case("a PDF document", file("f.csv", b"%PDF-1.7\n"), &[], 1, Same("f.csv is neither CSV nor JSON Lines: it is a PDF document.")),
        case("gzip that is cut short", file("f.csv.gz", cut(&gzip(GOOD))), &[], 1, Same("f.csv.gz was cut short: its compressed data has no end.")),
        case("zstd that is cut short", file("f.csv.zst", cut(&zstd(GOOD))), &[], 1, Same("f.csv.zst was cut short: its compressed data has no end.")),
        case("gzip that is damaged", file("f.csv.gz", damaged(&gzip(GOOD))), &[], 1, Same("cannot read f.csv.gz: corrupt gzip stream does not have a matching checksum.")),
        case("a file that is not there", absent("none.csv"), &[], 1, Same("cannot read none.csv: No such file or directory (os error 2).")),
        case("a directory", absent("folder"), &[], 1, Same("cannot read folder: it is a directory.")),
        // JSON Lines
        case("a JSON array", file("f.json", "[{\"id\": 1, \"amount\": 5}]\n"), &[], 1, Same("f.json is one JSON array, and JSON Lines is expected: one object per line, with no brackets around them and no commas between them. `jq -c '.[]'` converts it.")),
        case("no object on any line", file("f.jsonl", "hello\nworld\n"), &[], 1, Same("f.jsonl:1: expected a JSON object but got 'hello'.")),
        case("a JSON line that is broken", file("f.jsonl", "{\"id\": 1, \"amount\": 5}\n{\"id\": 2, \"amount\": }\n"), &[], 1, Same("f.jsonl:2: is not JSON: expected value at column 21.\nNothing was written.")),
        case("a JSON object on several lines", file("f.jsonl", "{\n  \"id\": 1,\n  \"amount\": 5\n}\n"), &[], 1, Same("f.jsonl:1: the object does not end on its line; JSON Lines needs one whole object per line.")),
        case("a JSON line that is no object", file("f.jsonl", "{\"id\": 1, \"amount\": 5}\n[2, 6]\n"), &[], 1, Same("f.jsonl:2: expected a JSON object but got '[2, 6]'.\nNothing was written.")),
        case("a JSON value of another type", file("f.jsonl", "{\"id\": 1, \"amount\": true}\n"), &[], 1, Same("f.jsonl:1: column 'amount': expected a whole number but got true.\nNothing was written.")),
        case("a JSON number for a text", file("f.jsonl", "{\"id\": 1, \"name\": 12}\n"), &[], 1, Same("f.jsonl:1: column 'name': expected text but got 12.\nNothing was written.")),
        case("a JSON list for a text", file("f.jsonl", "{\"id\": 1, \"note\": [\"a\"]}\n"), &[], 1, Same("f.jsonl:1: column 'note': expected text but got [\"a\"].\nNothing was written.")),
        case("a JSON key twice", file("f.jsonl", "{\"id\": 1, \"amount\": 5, \"amount\": 6}\n"), &[], 1, Same("f.jsonl:1: the key 'amount' occurs twice.\nNothing was written.")),
        case("a JSON row without the key", file("f.jsonl", "{\"id\": 1, \"amount\": 5}\n{\"amount\": 6}\n"), &[], 1, Same("f.jsonl:2: the key 'id' is required.\nNothing was written.")),
        case("a JSON row whose key is null", file("f.jsonl", "{\"id\": null, \"amount\": 5}\n"), &[], 1, Same("f.jsonl:1: column 'id': NULL is not allowed.\nNothing was written.")),
        case("a JSON null where none may stand", file("f.jsonl", "{\"id\": 1, \"amount\": null}\n"), &[], 1, Same("f.jsonl:1: column 'amount': NULL is not allowed.\nNothing was written.")),
        case("a JSON key that is unknown", file("f.jsonl", "{\"id\": 1, \"amount\": 5}\n{\"id\": 2, \"amuont\": 5}\n"), &[], 2, Same("f.jsonl: item has no column 'amuont'. Did you mean 'amount'? Choices are: id, name, code, price, amount, small, ratio, made, seen, active, token, note, owner_id, twice. --map gives it another name, --ignore leaves it out.")),
        case("a key twice in JSON", file("f.jsonl", "{\"id\": 1, \"amount\": 5}\n{\"id\": 1.0, \"amount\": 6}\n"), &[], 1, Same("f.jsonl: duplicate key id=1: line 1, line 2\nNothing was written.")),
        // Parquet
        case("no Parquet", file("f.parquet", "id,amount\n1,5\n"), &[], 1, Same("f.parquet is not a Parquet file: Invalid Parquet file. Corrupt footer.")),
        case("Parquet that is cut short", file("f.parquet", b"PAR1\x15\x04\x15"), &[], 1, Same("f.parquet is not a Parquet file: EOF: Parquet file too small. Size is 7 but need 8.")),
        case("CSV that is called Parquet", file("f.csv", "id,amount\n1,5\n"), &["--format", "parquet"], 1, Same("f.csv is not a Parquet file: Invalid Parquet file. Corrupt footer.")),
        // The database
        case("a table that there is not", file("f.csv", "id,amount\n1,5\n"), &["--table", "itme"], 2, Same("There is no table 'itme'. Did you mean 'item'? Choices are: item, owner")),
        case("a schema that there is not", file("f.csv", "id,amount\n1,5\n"), &["--table", "nowhere.item"], 2, Same("In the schema 'nowhere' there is no table 'item'.")),
        case("a scheme that is unknown", file("f.csv", "id,amount\n1,5\n"), &["--db", "oracle://me:hunter2@localhost/db"], 2, Same("Unknown database 'oracle:'. A database's URL begins with sqlite:, postgres:, postgresql:, mysql: or mariadb:")),
        case("no URL at all", file("f.csv", "id,amount\n1,5\n"), &["--db", "shop"], 2, Same("A database's URL begins with sqlite:, postgres:, postgresql:, mysql: or mariadb:, as in sqlite://app.db")),
        case("a server that does not answer", file("f.csv", "id,amount\n1,5\n"), &["--db", "postgres://me:hunter2@127.0.0.1:1/db"], 1, Same("postgres://me@127.0.0.1:1/db: error connecting to server: Connection refused (os error 111)")),
        case("a server of MySQL that does not answer", file("f.csv", "id,amount\n1,5\n"), &["--db", "mysql://me:hunter2@127.0.0.1:1/db"], 1, Same("mysql://me@127.0.0.1:1/db: Input/output error: Connection refused (os error 111)")),
        case("a database file that is not there", file("f.csv", "id,amount\n1,5\n"), &["--db", "sqlite://none.db"], 1, Same("no such file: none.db (?mode=rwc at the end of the URL creates an empty database)")),
        case("a unique constraint, in the last row", file("f.csv", "id,amount,code\n1,5,X1\n2,6,X2\n3,7,X1\n"), &[], 1, Each(["f.csv:4: the database refuses the row with id=3: UNIQUE constraint failed: item.code [SQLITE_CONSTRAINT_UNIQUE]\nNothing was written.", "f.csv:4: the database refuses the row with id=3: duplicate key value violates unique constraint \"item_code_key\". Key (code)=(X1) already exists. [23505]\nNothing was written.", "f.csv:4: the database refuses the row with id=3: Duplicate entry 'X1' for key 'code' [1062]\nNothing was written.", "f.csv:4: the database refuses the row with id=3: Duplicate entry 'X1' for key 'item.code' [1062]\nNothing was written."])),
        case("a value that another row has", file("f.csv", "id,code\n1,B2\n"), &[], 1, Each(["f.csv:2: the database refuses the row with id=1: UNIQUE constraint failed: item.code [SQLITE_CONSTRAINT_UNIQUE]\nNothing was written.", "f.csv:2: the database refuses the row with id=1: duplicate key value violates unique constraint \"item_code_key\". Key (code)=(B2) already exists. [23505]\nNothing was written.", "f.csv:2: the database refuses the row with id=1: Duplicate entry 'B2' for key 'code' [1062]\nNothing was written.", "f.csv:2: the database refuses the row with id=1: Duplicate entry 'B2' for key 'item.code' [1062]\nNothing was written."])),
        case("a foreign key that leads nowhere", file("f.csv", "id,amount,owner_id\n1,5,2\n2,6,77\n"), &[], 1, Each(["f.csv:3: the database refuses the row with id=2: FOREIGN KEY constraint failed [SQLITE_CONSTRAINT_FOREIGNKEY]\nNothing was written.", "f.csv:3: the database refuses the row with id=2: insert or update on table \"item\" violates foreign key constraint \"item_owner_id_0d98b76d_fk\". Key (owner_id)=(77) is not present in table \"owner\". [23503]\nNothing was written.", "f.csv:3: the database refuses the row with id=2: Cannot add or update a child row: a foreign key constraint fails (`SCRATCH`.`item`, CONSTRAINT `item_owner_id_0d98b76d_fk` FOREIGN KEY (`owner_id`) REFERENCES `owner` (`id`)) [1452]\nNothing was written.", "f.csv:3: the database refuses the row with id=2: Cannot add or update a child row: a foreign key constraint fails (`SCRATCH`.`item`, CONSTRAINT `item_owner_id_0d98b76d_fk` FOREIGN KEY (`owner_id`) REFERENCES `owner` (`id`)) [1452]\nNothing was written."])),
        // Options
        case("--skip-bad without --rejects", file("f.csv", "id,amount\n1,5\n"), &["--skip-bad"], 2, Same("error: the following required arguments were not provided:\n  --rejects <FILE>\n\nUsage: enmasse apply --table <TABLE> --skip-bad --rejects <FILE> --db <URL> <FILE>\n\nFor more information, try '--help'.")),
        case("--rejects without --skip-bad", file("f.csv", "id,amount\n1,5\n"), &["--rejects", "bad.csv"], 2, Same("error: the following required arguments were not provided:\n  --skip-bad\n\nUsage: enmasse apply --table <TABLE> --rejects <FILE> --skip-bad --db <URL> <FILE>\n\nFor more information, try '--help'.")),
        case("--max-errors of none", file("f.csv", "id,amount\n1,5\n"), &["--max-errors", "0"], 2, Same("error: invalid value '0' for '--max-errors <N>': 0 is not in 1..18446744073709551615\n\nFor more information, try '--help'.")),
        case("--missing into a folder that is not there", file("f.csv", "id,amount\n1,5\n77,6\n"), &["--missing", "none/missing.csv"], 1, Same("cannot write none/missing.csv: No such file or directory (os error 2).")),
        case("--diff into a folder that is not there", file("f.csv", "id,amount\n1,5\n"), &["--diff", "none/diff.csv"], 1, Same("cannot write none/diff.csv: No such file or directory (os error 2).")),
        case("--rejects into a folder that is not there", file("f.csv", "id,amount\n1,x\n"), &["--skip-bad", "--rejects", "none/bad.csv"], 1, Same("cannot write none/bad.csv: No such file or directory (os error 2).")),
        case("--diff as Parquet", file("f.csv", "id,amount\n1,5\n"), &["--diff", "diff.parquet"], 2, Same("rows are written as CSV or JSON Lines, and diff.parquet is Parquet.")),
        case("--missing in CSV of rows that lack a column", file("f.jsonl", "{\"id\": 77, \"name\": \"x\"}\n{\"id\": 78, \"amount\": 6}\n"), &["--missing", "missing.csv"], 1, Same("f.jsonl: cannot write 'amount' to missing.csv: CSV cannot leave out a column of a row; write JSON Lines.")),
        case("a delimiter of two characters", file("f.csv", "id;amount\n1;5\n"), &["--delimiter", ";;"], 2, Same("error: invalid value ';;' for '--delimiter <CHARACTER>': expected one ASCII character, or 'tab'\n\nFor more information, try '--help'.")),
        case("a delimiter that is a quote", file("f.csv", "id;amount\n1;5\n"), &["--delimiter", "\""], 2, Same("the delimiter and the quote must be different characters.")),
        case("the delimiter of another file", file("f.csv", "id;amount\n1;5\n"), &[], 2, Same("f.csv has only one column, 'id;amount': if its cells have another delimiter, give it, as with --delimiter ';'")),
        case("--strict and --insert-missing", file("f.csv", "id,amount\n1,5\n"), &["--strict", "--insert-missing"], 2, Same("error: the argument '--strict' cannot be used with '--insert-missing'\n\nUsage: enmasse apply --table <TABLE> --strict --db <URL> <FILE>\n\nFor more information, try '--help'.")),
        case("a format that there is not", file("f.csv", "id,amount\n1,5\n"), &["--format", "xlsx"], 2, Same("error: invalid value 'xlsx' for '--format <FORMAT>'\n  [possible values: csv, tsv, jsonl, parquet]\n\nFor more information, try '--help'.")),
    ]
}
