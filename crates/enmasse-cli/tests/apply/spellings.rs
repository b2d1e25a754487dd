//! The ways in which programs spell numbers, dates, NULL, arrays and the cells of CSV.

use enmasse_testing::{Kind, test_on};

use crate::items;
use crate::program::on_trial;

#[test_on(all)]
fn a08_an_exponent_that_hides_digits_is_refused(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.run("CREATE TABLE code (number decimal(20, 2) PRIMARY KEY, n bigint NOT NULL, ean decimal(16, 0))").await;
        trial.run("INSERT INTO code VALUES (9912140000000000, 1, NULL), (1500, 2, 5)").await;
        let before = items::all(trial).await;
        let spelt = |text: &str| {
            format!(
                "expected all digits of a whole number but got '{text}', which may have been rounded: format \
                 the column as text, or as a number without decimals, and save the file again.\nNothing was written.\n"
            )
        };
        for (name, content, table, says) in [
            ("f.csv", "id,amount\n1,5\n9.91214E+15,7\n", "item", "f.csv:3: column 'id': "),
            ("f.csv", "id,amount\n1,9.9E+05\n", "item", "f.csv:2: column 'amount': "),
            ("f.jsonl", "{\"id\":1.5e3,\"amount\":1}\n", "item", "f.jsonl:1: column 'id': "),
            ("f.csv", "number,n\n9.91214E+15,5\n", "code", "f.csv:2: column 'number': "),
            ("f.csv", "number,ean\n1500,9.91214E+15\n", "code", "f.csv:2: column 'ean': "),
            ("f.jsonl", "{\"number\":1500,\"ean\":9.91214E15}\n", "code", "f.jsonl:1: column 'ean': "),
        ] {
            trial.write(name, content);
            let text = content
                .split([',', '\n', ':', '}'])
                .rfind(|cell| cell.contains(['e', 'E']) && cell.contains('.'));
            let said = trial.apply([name, "--table", table]).failed(1);
            assert_eq!(said, format!("enmasse: {says}{}", spelt(text.unwrap())), "{content}");
        }
        assert_eq!(items::all(trial).await, before);
        trial.write("f.csv", "id,amount,price\n1.0,1e3,1.5E+3\n2e0,1.200000e+01,1E1\n");
        let counts = trial.apply(["f.csv", "--table", "item"]).counts();
        assert_eq!(counts, "2 matched, 2 changed, 0 not in the table");
        let rows = trial.query("SELECT id, amount, price FROM item WHERE id < 3 ORDER BY id").await;
        assert_eq!(rows.replace(".00", ""), "1|1000|1500\n2|12|10");
        trial.write("f.csv", "number,ean\n1500,991214213789.00\n");
        assert_eq!(
            trial.apply(["f.csv", "--table", "code"]).counts(),
            "1 matched, 1 changed, 0 not in the table"
        );
        assert_eq!(trial.query("SELECT ean FROM code WHERE n = 2").await, "991214213789");
    });
}

#[test_on(all)]
fn a11_documents_lose_nothing(kind: Kind) {
    on_trial(kind, async |trial| {
        let (doc, checked) = match trial.kind {
            Kind::Sqlite => ("json", ""),
            Kind::Postgres => ("jsonb", ""),
            Kind::MariaDb | Kind::Mysql => ("json", ""),
        };
        trial.run(&format!("CREATE TABLE d (id integer PRIMARY KEY, doc {doc} {checked})")).await;
        trial.run("INSERT INTO d VALUES (1, NULL), (2, NULL)").await;
        for (name, content) in [
            ("f.jsonl", r#"{"id":1,"doc":{"a":1,"b":{"c":1,"c":2}}}"#),
            ("f.csv", "id,doc\n1,\"{\"\"c\"\":1,\"\"c\"\":2}\""),
        ] {
            trial.write(name, content);
            let said = trial.apply([name, "--table", "d"]).failed(1);
            let says = "column 'doc': the JSON document has the key 'c' twice in one object, and only one value can be kept.";
            assert!(said.contains(says), "{said}");
        }
        let inside = "{\"id\":1,\"doc\":{\"n\":18446744073709551615}}\n";
        trial.write("f.jsonl", format!("{inside}{{\"id\":2,\"doc\":18446744073709551615}}\n"));
        if trial.kind == Kind::Sqlite {
            // in a column that is declared json, and not text, it would be a float
            let said = trial.apply(["f.jsonl", "--table", "d"]).failed(1);
            assert!(
                said.contains("f.jsonl:2: ")
                    && said.contains("the JSON document 18446744073709551615 would become a float"),
                "{said}"
            );
            trial.write("f.jsonl", inside);
            trial.apply(["f.jsonl", "--table", "d"]).done();
            assert_eq!(
                trial.query("SELECT doc FROM d ORDER BY id").await.replace(' ', ""),
                "{\"n\":18446744073709551615}\nNULL"
            );
            return;
        }
        trial.apply(["f.jsonl", "--table", "d"]).done();
        let text = if trial.kind == Kind::Postgres { "doc::text" } else { "doc" };
        let rows = trial.query(&format!("SELECT {text} FROM d ORDER BY id")).await;
        assert_eq!(rows.replace(' ', ""), "{\"n\":18446744073709551615}\n18446744073709551615");
    });
}

#[test_on(sqlite)]
fn d04_the_delimiter_is_found_or_asked_for(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        for content in ["\"id\";\"amount\"\n\"1\";\"11\"\n", "id;amount\n1;11\n"] {
            trial.write("f.csv", content);
            let said = trial.apply(["f.csv", "--table", "item"]).failed(2);
            assert!(
                said.ends_with(": if its cells have another delimiter, give it, as with --delimiter ';'\n"),
                "{said}"
            );
        }
        trial.write("f.csv", "sep=;\r\nid;amount\r\n1;11\r\n2;x\r\n7;77\r\n");
        let said = trial.apply(["f.csv", "--table", "item"]).failed(1);
        assert!(said.starts_with("enmasse: f.csv:4: column 'amount': "), "{said}");
        let args = [
            "f.csv",
            "--table",
            "item",
            "--skip-bad",
            "--rejects",
            "r.csv",
            "--missing",
            "m.csv",
            "--delimiter",
            ";",
        ];
        let ended = trial.apply(args);
        assert_eq!(ended.code, 0, "{}", ended.err);
        let reason = "\"column 'amount': expected a whole number but got 'x'.\"";
        assert_eq!(trial.read("r.csv"), format!("sep=;\nid;amount;enmasse_error\n2;x;{reason}\n"));
        assert_eq!(trial.read("m.csv"), "id;amount\n7;77\n");
        assert_eq!(items::amounts(trial).await, "1|bolt|11\n2|nut|20\n3|gear|30");
    });
}

#[test_on(sqlite)]
fn d04_a_column_without_a_name_can_be_left_out(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", ",id,amount\n0,1,11\n");
        let said = trial.apply(["f.csv", "--table", "item"]).failed(1);
        assert_eq!(
            said,
            "enmasse: f.csv has no name for column 1 in its header: name it, or leave it out by --ignore ''\n"
        );
        let counts = trial.apply(["f.csv", "--table", "item", "--ignore", ""]).counts();
        assert_eq!(counts, "1 matched, 1 changed, 0 not in the table");
    });
}

#[test_on(all)]
fn d04_null_may_have_several_spellings(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", "id,note,small\n1,NULL,\n2,N/A,5\n3,x,NULL\n");
        let args = ["f.csv", "--table", "item", "--null", "NULL", "--null", "N/A", "--null", ""];
        assert_eq!(trial.apply(args).counts(), "3 matched, 3 changed, 0 not in the table");
        let rows = trial.query("SELECT id, note, small FROM item ORDER BY id").await;
        assert_eq!(rows, "1|NULL|NULL\n2|NULL|5\n3|x|NULL");
    });
}

#[test_on(all)]
fn d04_a_midnight_is_a_date(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write(
            "f.csv",
            "id,made\n1,2024-03-01 00:00:00\n2,2024-03-02T00:00:00.000Z\n3,2024-03-03 00:00\n",
        );
        assert_eq!(
            trial.apply(["f.csv", "--table", "item"]).counts(),
            "3 matched, 3 changed, 0 not in the table"
        );
        let rows = trial.query("SELECT id, made FROM item ORDER BY id").await;
        assert_eq!(rows, "1|2024-03-01\n2|2024-03-02\n3|2024-03-03");
        trial.write("f.csv", "id,made\n1,2024-03-01 09:00:00\n");
        let said = trial.apply(["f.csv", "--table", "item"]).failed(1);
        assert!(said.contains("expected a date but got '2024-03-01 09:00:00'."), "{said}");
    });
}

#[test_on(postgres)]
fn d04_arrays_may_be_in_braces(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE a (id integer PRIMARY KEY, tags text[], numbers integer[])").await;
        trial.run("INSERT INTO a VALUES (1, NULL, NULL), (2, NULL, NULL)").await;
        trial.write("f.csv", "id,tags,numbers\n1,\"{a,\"\"b,c\"\",NULL}\",\"{1,2}\"\n2,\"[\"\"x\"\"]\",{}\n");
        assert_eq!(
            trial.apply(["f.csv", "--table", "a"]).counts(),
            "2 matched, 2 changed, 0 not in the table"
        );
        let rows = trial.query("SELECT id, tags::text, numbers::text FROM a ORDER BY id").await;
        assert_eq!(rows, "1|{a,\"b,c\",NULL}|{1,2}\n2|{x}|{}");
        // two arrays are not two texts
        for wrong in ["{{a,b},{c,d}}", "{{a}b}"] {
            trial.write("f.csv", format!("id,tags\n1,\"{wrong}\"\n"));
            let said = trial.apply(["f.csv", "--table", "a"]).failed(1);
            let says = format!(
                "f.csv:2: column 'tags': expected an array, as {{a,b}} or as in JSON, but got '{wrong}'."
            );
            assert!(said.contains(&says), "{said}");
        }
    });
}

#[test_on(all)]
fn d05_decimals_dates_and_quotes_as_the_file_has_them(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", "id;price;ratio;made;seen;note\n1;1234,50;-0,5;31/12/2024;01/02/2024 09:30;'a;''b'\n9;1;1;01/01/2024;;\n");
        let how = ["--delimiter", ";", "--decimal", ",", "--date-format", "%d/%m/%Y", "--quote", "'"];
        let args = ["f.csv", "--table", "item", "--missing", "m.csv"].into_iter().chain(how);
        assert_eq!(trial.apply(args).counts(), "1 matched, 1 changed, 1 not in the table");
        let rows = trial.query("SELECT price, ratio, made, note FROM item WHERE id = 1").await;
        assert_eq!(rows.replace(".50|", ".5|"), "1234.5|-0.5|2024-12-31|a;'b");
        let seen = trial.query("SELECT seen FROM item WHERE id = 1").await;
        assert!(seen.starts_with("2024-02-01") && seen.contains("09:30"), "{seen}");
        // what is missing can be applied with the same options
        let args = ["m.csv", "--table", "item", "--dry-run", "--quiet"].into_iter().chain(how);
        trial.apply(args).done();
        trial.write("f.csv", "id;price\n1;1.50\n");
        let said = trial.apply(["f.csv", "--table", "item"].into_iter().chain(how)).failed(1);
        assert!(
            said.contains("expected a number with ',' as the decimal separator but got '1.50'."),
            "{said}"
        );
        // nothing of a date is dropped
        trial.write("f.csv", "id,made\n1,31/12/2024\n");
        let said = trial.apply(["f.csv", "--table", "item", "--date-format", "%d/%m/%y"]).failed(1);
        assert!(said.contains("f.csv:2: column 'made': expected a date as %d/%m/%y but got"), "{said}");
        assert!(said.contains("'31/12/2024'"), "{said}");
        for (option, wrong) in [("--decimal", ";;"), ("--date-format", "dd.mm.yyyy"), ("--quote", "ab")] {
            let said = trial.apply(["f.csv", "--table", "item", option, wrong]).failed(2);
            assert!(said.contains("expected"), "{said}");
        }
    });
}

#[test_on(all)]
fn a11_what_the_column_pads_or_rounds_is_written_once(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id integer PRIMARY KEY, code char(5), moment timestamp NULL)").await;
        if trial.kind == Kind::Postgres {
            trial.run("ALTER TABLE t ALTER moment TYPE timestamp(0)").await;
        }
        trial.run("INSERT INTO t VALUES (1, 'ab', NULL), (2, 'x', NULL)").await;
        for more in [0, 3_000] {
            let mut file =
                "id,code,moment\n1,ab,2026-01-02 03:04:05\n2,cd,2026-01-02 03:04:05.000\n".to_owned();
            (1..=more).for_each(|id| file.push_str(&format!("{},ab,2026-01-02 03:04:05\n", 1_000 + id)));
            trial.write("f.csv", file);
            trial.apply(["f.csv", "--table", "t"]).done();
            let again = trial.apply(["f.csv", "--table", "t", "--diff", "d.csv", "--json"]).json();
            assert_eq!((&again["matched"], &again["changed"]), (&2.into(), &0.into()), "{:?}", trial.kind);
        }
        if trial.kind != Kind::Sqlite {
            // a fraction that the column does not keep is no value of it
            trial.write("f.csv", "id,moment\n1,2026-01-02 03:04:05.5\n");
            let said = trial.apply(["f.csv", "--table", "t"]).failed(1);
            assert!(said.contains("f.csv:2: ") && said.contains("'moment'"), "{said}");
        }
    });
}
