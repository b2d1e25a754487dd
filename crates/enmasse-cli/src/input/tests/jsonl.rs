use super::Place::Line;
use super::*;

#[test]
fn rows_with_absent_and_null_keys() {
    let file = Sample::new(
        "prices.jsonl",
        "{\"id\": 1, \"name\": \"Apple\", \"price\": 1.50}\n\n{\"price\": null, \"id\": 2}\r\n{\"n\\u0061me\":\"x\"}",
    );
    assert_eq!(
        file.read(&price()),
        [
            row(Line(1), 1, "Apple", Some("1.5")),
            (Line(3), Ok(vec![Some(Value::Int(2)), None, Some(Value::Null)])),
            (Line(4), Ok(vec![None, Some("x".into()), None])),
        ]
    );
}

#[test]
fn columns_in_order_of_first_appearance() {
    let columns = |content| Sample::new("a.jsonl", content).open().unwrap().columns().unwrap();
    let uneven = columns("{\"b\": 1, \"a\": 2}\nwrong\n{\"a\": 1, \"c\": [1]}\n");
    assert_eq!(uneven, Columns { names: vec!["b".into(), "a".into(), "c".into()], uneven: true });
    let even = columns("{\"b\": 1, \"a\": 2}\n{\"a\": 1, \"b\": 3}\n");
    assert_eq!(even, Columns { names: vec!["b".into(), "a".into()], uneven: false });
    let twice = columns("{\"a\": 1, \"b\": 2, \"b\": 3}\n{\"a\": 2}\n");
    assert_eq!(twice, Columns { names: vec!["a".into(), "b".into()], uneven: true });
    assert_eq!(columns(""), Columns { names: vec![], uneven: false });
}

#[test]
fn bad_lines() {
    let file = Sample::new(
        "a.jsonl",
        "{\"id\": 1.5}\n{\"id\": 1, \"id\": 2}\n[1, 2]\n{\"id\": 1,}\n{\"id\":\n{\"name\": 5}\n{\"id\": null}\n",
    );
    let problems: Vec<_> = file.read(&price()).into_iter().map(|(_, row)| row.unwrap_err()).collect();
    assert_eq!(
        problems,
        [
            "a.jsonl:1: column 'id': expected a whole number but got 1.5.",
            "a.jsonl:2: the key 'id' occurs twice.",
            "a.jsonl:3: expected a JSON object but got '[1, 2]'.",
            "a.jsonl:4: is not JSON: trailing comma at column 10.",
            "a.jsonl:5: the object does not end on its line; JSON Lines needs one whole object per line.",
            "a.jsonl:6: column 'name': expected text but got 5.",
            "a.jsonl:7: column 'id': NULL is not allowed.",
        ]
    );
}

#[test]
fn bad_lines_keep_how_they_stand_in_the_file() {
    let file = Sample::new("a.jsonl", "{\"id\": \"x\"}\r\n");
    match file.open().unwrap().rows(&price()).unwrap().next() {
        Some(Ok(Item::Bad(bad))) => {
            assert_eq!(bad.raw, "{\"id\": \"x\"}");
            assert_eq!(bad.cell, Some(("id".to_owned(), "\"x\"".to_owned())));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_array_is_not_json_lines() {
    assert_eq!(
        Sample::new("a.json", "\n[{\"id\": 1}]").failure(&price()),
        "a.json is one JSON array, and JSON Lines is expected: one object per line, with no brackets around them and no \
         commas between them. `jq -c '.[]'` converts it."
    );
}
