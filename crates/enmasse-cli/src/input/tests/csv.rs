use std::sync::atomic::Ordering;

use super::Place::Line;
use super::*;

#[test]
fn rows_with_their_lines() {
    let file = Sample::new(
        "prices.csv",
        "id,name,price\n1,Apple,1.50\n\n2,\"Pear, \"\"ripe\"\"\nand sweet\",\n3,Fig,2\n",
    );
    assert_eq!(
        file.read(&price()),
        [
            row(Line(2), 1, "Apple", Some("1.5")),
            row(Line(4), 2, "Pear, \"ripe\"\nand sweet", None),
            row(Line(6), 3, "Fig", Some("2")),
        ]
    );
}

#[test]
fn columns_are_found_by_name_and_others_are_left() {
    let file = Sample::new("prices.csv", "price,note,name,id\n1.5,x,Apple,1\n");
    let input = file.open().unwrap();
    let names = ["price", "note", "name", "id"].map(String::from).to_vec();
    assert_eq!(input.columns().unwrap(), Columns { names, uneven: false });
    assert_eq!(file.read(&price()), [row(Line(2), 1, "Apple", Some("1.5"))]);
    assert_eq!(
        file.failure(&[wanted("cost", DataType::Integer)]),
        "prices.csv has no column 'cost'; it has 'price', 'note', 'name', 'id'."
    );
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark() {
    let file = Sample::new("prices.csv", "\u{feff}id,name,price\r\n1,\"a\r\nb\",1\r\n\r\n2,c,2");
    assert_eq!(file.read(&price()), [row(Line(2), 1, "a\r\nb", Some("1")), row(Line(5), 2, "c", Some("2"))]);
    assert_eq!(file.open().unwrap().rejects().header().unwrap(), "id,name,price,enmasse_error");
}

#[test]
fn line_ends_of_old_macs_and_mixed_ones() {
    let file = Sample::new("prices.csv", "id,name,price\r1,\"a\rb\r\nc\",1\r\r2,d,2\r\n3,e,3\n\r\n\r4,f,4\r");
    assert_eq!(
        file.read(&price()),
        [
            row(Line(2), 1, "a\rb\r\nc", Some("1")),
            row(Line(6), 2, "d", Some("2")),
            row(Line(7), 3, "e", Some("3")),
            row(Line(10), 4, "f", Some("4")),
        ]
    );
}

#[test]
fn other_delimiters() {
    let options = InputOptions { delimiter: Some(b';'), ..options() };
    let file = Sample::new("prices.csv", "id;name;price\n1;a,b;1\n");
    assert_eq!(file.read_with(&options, &price()), [row(Line(2), 1, "a,b", Some("1"))]);
    let file = Sample::new("prices.tsv", "id\tname\tprice\n1\ta,b\t1\n");
    assert_eq!(file.read(&price()), [row(Line(2), 1, "a,b", Some("1"))]);
    assert_eq!(file.open().unwrap().format(), Format::Tsv);
    for (delimiter, says) in [
        (b'"', "the delimiter and the quote must be different characters."),
        (b'\n', "the delimiter must be one ASCII character, and not a line break."),
    ] {
        let options = InputOptions { delimiter: Some(delimiter), ..InputOptions::default() };
        assert_eq!(file.failure_with(&options, &[]), says);
    }
}

#[test]
fn bad_rows_are_told_and_do_not_end_the_file() {
    let file =
        Sample::new("prices.csv", "id,name,price\n1,Apple,\"12,5\"\n2,Pear\n3,a,1,x,y\nx,Fig,1\n4,Fig,1\n");
    assert_eq!(
        file.read(&price()),
        [
            (
                Line(2),
                Err("prices.csv:2: column 'price': expected a decimal number but got '12,5'.".to_owned())
            ),
            (Line(3), Err("prices.csv:3: has 2 cells, and the header has 3.".to_owned())),
            (Line(4), Err("prices.csv:4: has 5 cells, and the header has 3.".to_owned())),
            (Line(5), Err("prices.csv:5: column 'id': expected a whole number but got 'x'.".to_owned())),
            row(Line(6), 4, "Fig", Some("1")),
        ]
    );
}

#[test]
fn text_after_a_closing_quote_is_bad() {
    let file = Sample::new(
        "prices.csv",
        "id,name,price\n1,\"a\"b,1\n2,5\" nail,1\n3,\"a\"\" , \"\"\"\"\",\"1\"\n4,x,1,\"\" \n5, \"a\",\"1\"\r\n",
    );
    let problem = "text after the closing quote of a cell: '\"a\"b'.";
    assert_eq!(
        file.read(&price()),
        [
            (Line(2), Err(format!("prices.csv:2: column 'name': {problem}"))),
            row(Line(3), 2, "5\" nail", Some("1")),
            row(Line(4), 3, "a\" , \"\"", Some("1")),
            (Line(5), Err("prices.csv:5: text after the closing quote of a cell: '\"\" '.".to_owned())),
            row(Line(6), 5, " \"a\"", Some("1")),
        ]
    );
    assert_eq!(Sample::new("prices.csv", "id,\"a\"b\n").failure(&[]), format!("prices.csv:1: {problem}"));
}

#[test]
fn bad_rows_keep_how_they_stand_in_the_file() {
    let file = Sample::new("prices.csv", "id,name,price\r\n1,\"a\r\n\"\"b\"\"\",\"x\"\r\n2,c\r\n");
    let rows = file.open().unwrap().rows(&price()).unwrap();
    let bad: Vec<_> = rows
        .map(|item| match item.unwrap() {
            Item::Bad(bad) => (bad.raw, bad.cell),
            Item::Row(_) => panic!("it is right"),
        })
        .collect();
    let cell = Some(("price".to_owned(), "x".to_owned()));
    assert_eq!(bad, [("1,\"a\r\n\"\"b\"\"\",\"x\"".to_owned(), cell), ("2,c".to_owned(), None)]);
}

#[test]
fn a_text_may_stand_for_null() {
    let options = InputOptions { nulls: vec!["\\N".into()], ..options() };
    let file = Sample::new("prices.csv", "id,name,price\n1,,\\N\n2,\\N,1\n3,a,\n");
    assert_eq!(
        file.read_with(&options, &price()),
        [
            row(Line(2), 1, "", None),
            (Line(3), Err("prices.csv:3: column 'name': NULL is not allowed.".to_owned())),
            (Line(4), Err("prices.csv:4: column 'price': expected a decimal number but got ''.".to_owned())),
        ]
    );
}

#[test]
fn headers_name_each_column_once() {
    let failure = |content| Sample::new("prices.csv", content).failure(&[]);
    assert_eq!(failure(""), "prices.csv has no header line: it is empty.");
    assert_eq!(failure("\n\r\n"), "prices.csv has no header line: it is empty.");
    assert_eq!(failure("id,name,id\n"), "prices.csv names 'id' twice in its header, as columns 1 and 3.");
    // a column without a name may be left out
    assert_eq!(
        Sample::new("prices.csv", "id,,,name\n").open().unwrap().columns().unwrap().names,
        ["id", "", "", "name"]
    );
}

#[test]
fn a_header_alone_is_no_rows() {
    for content in ["id,name,price", "id,name,price\n", "id,name,price\r\n\r\n"] {
        assert_eq!(Sample::new("prices.csv", content).read(&price()), []);
    }
}

#[test]
fn rows_are_read_again_and_counted() {
    let file = Sample::new("prices.csv", "id,name,price\n1,Apple,1.50\n");
    let input = file.open().unwrap();
    for _ in 0..2 {
        let mut rows = input.rows(&price()).unwrap();
        let bytes = rows.bytes_read();
        assert!(matches!(rows.next(), Some(Ok(Item::Row(_)))));
        assert!(rows.next().is_none());
        assert!(rows.next().is_none());
        assert_eq!(bytes.load(Ordering::Relaxed), input.size());
    }
}

#[test]
fn long_records_and_many_of_them() {
    let long = "x".repeat(300_000);
    let mut content = "id,name,price\n".to_owned();
    for id in 0..50 {
        content.push_str(&format!("{id},\"{}\n\",\n", if id % 10 == 0 { &long } else { "short" }));
    }
    let rows = Sample::new("prices.csv", content).read(&price());
    assert_eq!(rows.len(), 50);
    assert_eq!(rows[30], row(Line(62), 30, &format!("{long}\n"), None));
    assert_eq!(rows[49].0, Line(100));
}

#[test]
fn wide_rows() {
    let names: Vec<String> = (0..500).map(|column| format!("c{column}")).collect();
    let cells: Vec<String> = (0..500).map(|column| column.to_string()).collect();
    let file = Sample::new("wide.csv", format!("{}\n{}\n", names.join(","), cells.join(",")));
    let rows = file.read(&[wanted("c499", DataType::Integer), wanted("c0", DataType::Integer)]);
    assert_eq!(rows, [(Line(2), Ok(vec![Some(Value::Int(499)), Some(Value::Int(0))]))]);
}

#[test]
fn compressed_files_whatever_their_name() {
    let content = b"id,name,price\n1,Apple,1.50\n";
    let expected = [row(Line(2), 1, "Apple", Some("1.5"))];
    for (name, content) in [
        ("prices.csv.gz", gzip(content)),
        ("prices.csv.zst", zstd(content)),
        ("prices.csv", gzip(content)),
        // gzip files one after the other are one file
        ("prices.csv.gz", [gzip(&content[..16]), gzip(&content[16..])].concat()),
        ("prices.csv.zst", [zstd(&content[..16]), zstd(&content[16..])].concat()),
    ] {
        let file = Sample::new(name, &content);
        assert_eq!(file.read(&price()), expected, "{name}");
        let mut rows = file.open().unwrap().rows(&price()).unwrap();
        let bytes = rows.bytes_read();
        rows.by_ref().for_each(drop);
        assert_eq!(bytes.load(Ordering::Relaxed), content.len() as u64);
    }
}

#[test]
fn other_encodings() {
    let text = "id,name,price\n1,Äpfel,1\n";
    let utf16 =
        |mark: &str| format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let latin1: Vec<u8> = text.chars().map(|character| character as u8).collect();
    let expected = [row(Line(2), 1, "Äpfel", Some("1"))];
    let encoded = |encoding: &str| InputOptions { encoding: Some(encoding.into()), ..options() };
    assert_eq!(Sample::new("a.csv", utf16("\u{feff}")).read(&price()), expected);
    assert_eq!(Sample::new("a.csv", utf16("")).read_with(&encoded("utf-16le"), &price()), expected);
    assert_eq!(Sample::new("a.csv", latin1).read_with(&encoded("latin1"), &price()), expected);
    assert_eq!(Sample::new("a.csv", text).read_with(&encoded("UTF8"), &price()), expected);
    // a mark is believed first: rows that were refused are written so
    let marked = Sample::new("a.csv", format!("\u{feff}{text}"));
    assert_eq!(marked.read_with(&encoded("latin1"), &price()), expected);
    let input = marked.open_with(&encoded("latin1")).unwrap();
    assert_eq!(
        (input.mark_for_rejects(), input.rejects().header().unwrap()),
        ("\u{feff}", "id,name,price,enmasse_error")
    );
    assert_eq!(marked.open_with(&encoded("utf8")).unwrap().mark_for_rejects(), "");
    assert!(
        Sample::new("a.csv", text)
            .failure_with(&encoded("klingon"), &[])
            .starts_with("unknown encoding 'klingon'; use a name of the WHATWG list: utf-8, latin1")
    );
}

#[test]
fn formats_are_told_by_content_where_the_name_does_not() {
    let format = |content: &[u8]| Sample::new("data", content).open().unwrap().format();
    assert_eq!(format(b"id,name\n"), Format::Csv);
    assert_eq!(format(b"\xef\xbb\xbf \n{\"id\": 1}"), Format::Jsonl);
    assert_eq!(format(&gzip(b"{}")), Format::Jsonl);
    let csv = InputOptions { format: Some(Format::Csv), ..options() };
    assert_eq!(Sample::new("a.jsonl", "id\n").open_with(&csv).unwrap().format(), Format::Csv);
}

#[cfg(target_os = "linux")]
#[test]
fn pipes_are_read_more_than_once() {
    use std::os::fd::AsRawFd;
    let (pipe, mut sender) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut sender, b"id,name,price\n1,Apple,1\n").unwrap();
    drop(sender);
    let input = Input::open(&format!("/dev/fd/{}", pipe.as_raw_fd()), &options()).unwrap();
    assert_eq!(input.size(), 24);
    for _ in 0..2 {
        assert_eq!(input.rows(&price()).unwrap().count(), 1);
    }
}
