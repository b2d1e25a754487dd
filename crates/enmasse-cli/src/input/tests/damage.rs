use super::*;

fn failure(name: &str, content: impl AsRef<[u8]>) -> String {
    Sample::new(name, content).failure(&price())
}

#[test]
fn a_quote_that_nobody_closes() {
    assert_eq!(
        failure("a.csv", "id,name,price\n1,a,1\n\n2,\"b,2\n3,c,3\n"),
        "a.csv:4: this row has an unclosed quote."
    );
    assert_eq!(failure("a.csv", "id,\"name"), "a.csv:1: this row has an unclosed quote.");
}

#[test]
fn text_that_is_not_utf_8() {
    let message = "a.csv:3: this is not UTF-8; give the encoding, as with --encoding latin1.";
    assert_eq!(failure("a.csv", b"id,name,price\n1,a,1\n2,\xc4pfel,1\n"), message);
    // a character begun in one cell and ended in the next
    assert_eq!(failure("a.csv", b"id,name,price\n1,a,1\n2,\xc3,\x84\n"), message);
    assert_eq!(
        failure("a.jsonl", b"{\"id\": 1}\n{\"name\": \"\xc4\"}\n"),
        "a.jsonl:2: this is not UTF-8; give the encoding, as with --encoding latin1."
    );
}

#[test]
fn text_that_is_not_what_it_was_said_to_be() {
    let options = InputOptions { encoding: Some("shift_jis".into()), ..options() };
    let file = Sample::new("a.csv", b"id,name,price\n1,\x81\xff,1\n");
    assert_eq!(file.failure_with(&options, &price()), "a.csv:2: this is not Shift_JIS; check --encoding.");
}

#[test]
fn files_of_other_kinds() {
    assert_eq!(
        failure("a.csv", b"PK\x03\x04\x14\0"),
        "a.csv is neither CSV nor JSON Lines: it is a zip archive or an Excel workbook: save the sheet as CSV."
    );
    assert_eq!(failure("a.csv", "%PDF-1.7\n"), "a.csv is neither CSV nor JSON Lines: it is a PDF document.");
    assert_eq!(
        failure("a.csv", b"i\0d\0,\0n\0\n\0"),
        "a.csv:1: a NUL byte: this is not text; if it is UTF-16, use --encoding utf-16le."
    );
    assert_eq!(
        failure("a.csv.gz", gzip(&gzip(b"id\n"))),
        "a.csv.gz is compressed twice, and only one layer is read: decompress it."
    );
}

#[test]
fn compressed_files_that_were_cut_short() {
    let content: String = (0..20_000).map(|row| format!("{row},{},1\n", row * 7_919 % 10_007)).collect();
    let content = format!("id,name,price\n{content}");
    for (name, mut whole) in [("a.csv.gz", gzip(content.as_bytes())), ("a.csv.zst", zstd(content.as_bytes()))]
    {
        whole.truncate(whole.len() - 10);
        assert_eq!(failure(name, whole), format!("{name} was cut short: its compressed data has no end."));
    }
}

#[test]
fn compressed_files_that_are_damaged() {
    let content: String = (0..20_000).map(|row| format!("{row},{},1\n", row * 7_919 % 10_007)).collect();
    let mut damaged = gzip(format!("id,name,price\n{content}").as_bytes());
    let last = damaged.len() - 6;
    damaged[last] ^= 0xff;
    let message = failure("a.csv.gz", damaged);
    assert!(message.starts_with("cannot read a.csv.gz: "), "{message}");
}

#[test]
fn files_that_are_not_there() {
    let message = Input::open("no-such.csv", &options()).unwrap_err().message().to_owned();
    assert!(message.starts_with("cannot read no-such.csv: "), "{message}");
}

#[test]
fn a01_a_panic_of_a_reader_is_an_error_with_its_place() {
    let row = |line| Ok(Item::Row(Row { place: Place::Line(line), values: Vec::new(), raw: None }));
    let panics =
        (2..9).map(move |line| if line == 4 { panic!("this panic is part of the test") } else { row(line) });
    let mut rows = Rows {
        name: "a.csv".into(),
        rows: Box::new(panics),
        bytes: Arc::default(),
        last: None,
        failed: false,
    };
    assert_eq!(rows.by_ref().take_while(Result::is_ok).count(), 2);
    assert!(rows.next().is_none(), "nothing comes after an error");
    let panics = std::iter::repeat_with(|| panic!("this panic is part of the test"));
    let mut rows = Rows {
        name: "a.csv".into(),
        rows: Box::new(panics),
        bytes: Arc::default(),
        last: Some(Place::Line(3)),
        failed: false,
    };
    assert_eq!(
        rows.next().unwrap().unwrap_err().message(),
        "a.csv: after line 3: the file is damaged in a way that stops its reader, or enmasse has a fault: this panic is part of \
         the test.\nNothing was written."
    );
}
