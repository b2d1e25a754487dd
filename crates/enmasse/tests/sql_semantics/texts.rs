use enmasse::{DataType, Value};
use enmasse_core::compile::expr;
use enmasse_core::compile::lookup;
use enmasse_core::compile::lookup::Compared;
use enmasse_core::query::Function;
use enmasse_core::query::Lookup;
use enmasse_core::sql::Term;
use enmasse_testing::{Kind, on_database, test_on};

use super::{Table, many, one, where_true};

const TEXTS: [&str; 24] = [
    "",
    "a",
    "A",
    "abc",
    "ABC",
    "aBc ",
    "bc",
    "50%",
    "50",
    "5_0",
    "520",
    r"back\slash",
    r"\",
    "é",
    "É",
    "café",
    "pipe|",
    "*",
    "a?c",
    "[b]",
    "😀x",
    "x😀",
    "'quote\"",
    "(x+)",
];

type Holds = fn(&str, &str) -> bool;

const EXACT_CASE: [(Lookup, Holds); 3] = [
    (Lookup::Contains, |text, needle| text.contains(needle)),
    (Lookup::StartsWith, |text, needle| text.starts_with(needle)),
    (Lookup::EndsWith, |text, needle| text.ends_with(needle)),
];

const ANY_CASE: [(Lookup, Holds); 4] = [
    (Lookup::IExact, |text, needle| text.to_lowercase() == needle.to_lowercase()),
    (Lookup::IContains, |text, needle| text.to_lowercase().contains(&needle.to_lowercase())),
    (Lookup::IStartsWith, |text, needle| text.to_lowercase().starts_with(&needle.to_lowercase())),
    (Lookup::IEndsWith, |text, needle| text.to_lowercase().ends_with(&needle.to_lowercase())),
];

fn texts() -> Vec<Value> {
    TEXTS.iter().map(|text| Value::from(*text)).chain([Value::Null]).collect()
}

#[test_on(all)]
fn patterns_are_data(kind: Kind) {
    on_database(kind, async |db| {
        for (name, data_type) in
            [("short", DataType::Text { max_length: Some(20) }), ("unlimited", DataType::TEXT)]
        {
            let table = Table::of(&db, name, data_type, &texts()).await;
            for needle in TEXTS {
                for (lookup, holds) in EXACT_CASE {
                    let found = table.which(table.column("v"), lookup, one(needle)).await.unwrap();
                    assert_eq!(found, where_true(TEXTS, |text| holds(text, needle)), "{lookup:?} {needle:?}");
                }
                // Beyond ASCII, what is the same in any case is the database's own affair.
                if needle.is_ascii() {
                    for (lookup, holds) in ANY_CASE {
                        let found = table.which(table.column("v"), lookup, one(needle)).await.unwrap();
                        assert_eq!(
                            found,
                            where_true(TEXTS, |text| holds(text, needle)),
                            "{lookup:?} {needle:?}"
                        );
                    }
                }
            }
        }
    });
}

#[test_on(all)]
fn patterns_may_come_from_a_column(kind: Kind) {
    on_database(kind, async |db| {
        let pairs: Vec<(&str, &str)> =
            TEXTS.iter().flat_map(|text| TEXTS.map(|needle| (*text, needle))).collect();
        let mut rows: Vec<Vec<Value>> =
            pairs.iter().map(|(text, needle)| vec![(*text).into(), (*needle).into()]).collect();
        rows.push(vec!["a".into(), Value::Null]);
        let columns = [("v", DataType::TEXT), ("w", DataType::Text { max_length: Some(20) })];
        let table = Table::new(&db, "pairs", &columns, &rows).await;
        for (lookup, holds) in EXACT_CASE {
            let right = Compared::One(table.term("w"));
            let found = table.which(table.column("v"), lookup, right).await.unwrap();
            assert_eq!(found, where_true(&pairs, |(text, needle)| holds(text, needle)), "{lookup:?}");
        }
        for (lookup, holds) in ANY_CASE {
            let right = Compared::One(table.term("w"));
            let found = table.which(table.column("v"), lookup, right).await.unwrap();
            let ascii = where_true(&pairs, |(_, needle)| needle.is_ascii());
            let found: Vec<i64> = found.into_iter().filter(|number| ascii.contains(number)).collect();
            let expected = where_true(&pairs, |(text, needle)| needle.is_ascii() && holds(text, needle));
            assert_eq!(found, expected, "{lookup:?}");
        }
    });
}

/// Django's documentation says so of SQLite.
#[test_on(all)]
fn letters_beyond_ascii_have_case_except_on_sqlite(kind: Kind) {
    on_database(kind, async |db| {
        let table = Table::of(&db, "names", DataType::TEXT, &["É".into(), "é".into()]).await;
        for lookup in [Lookup::IExact, Lookup::IContains, Lookup::IStartsWith, Lookup::IEndsWith] {
            let found = table.which(table.column("v"), lookup, one("é")).await.unwrap();
            let expected: &[i64] = if table.kind == Kind::Sqlite { &[1] } else { &[0, 1] };
            assert_eq!(found, expected, "{lookup:?}");
        }
    });
}

/// A text with a NUL in it, and one too long for a pattern, which SQLite has to compare without `LIKE`.
#[test_on(all)]
fn texts_that_fit_no_pattern_are_found(kind: Kind) {
    on_database(kind, async |db| {
        let long = "x".repeat(60_000);
        let mut values = vec![Value::from(format!("{long}y")), format!("Y{long}").into()];
        let nul = Kind::of(&db) != Kind::Postgres;
        if nul {
            values.extend(["a\0b", "a", "b"].map(Value::from));
        }
        let table = Table::of(&db, "odd", DataType::TEXT, &values).await;
        for (lookup, needle, expected) in [
            (Lookup::StartsWith, long.clone(), vec![0]),
            (Lookup::EndsWith, long.clone(), vec![1]),
            (Lookup::Contains, long.clone(), vec![0, 1]),
            (Lookup::IContains, long.to_uppercase(), vec![0, 1]),
            (Lookup::IStartsWith, long.to_uppercase(), vec![0]),
            (Lookup::IExact, format!("y{long}"), vec![1]),
        ] {
            let found = table.which(table.column("v"), lookup, one(needle)).await.unwrap();
            assert_eq!(found, expected, "{lookup:?}");
        }
        if nul {
            for (lookup, needle) in [
                (Lookup::Exact, "a\0b"),
                (Lookup::Contains, "\0"),
                (Lookup::StartsWith, "a\0"),
                (Lookup::EndsWith, "\0b"),
                (Lookup::IContains, "A\0B"),
                (Lookup::IEndsWith, "\0B"),
            ] {
                let found = table.which(table.column("v"), lookup, one(needle)).await.unwrap();
                assert_eq!(found, [2], "{lookup:?}");
            }
        }
    });
}

#[test_on(all)]
fn regular_expressions_have_case_or_not(kind: Kind) {
    on_database(kind, async |db| {
        let table = Table::of(&db, "names", DataType::Text { max_length: Some(20) }, &texts()).await;
        let of = |lookup, right: &str| table.which(table.column("v"), lookup, one(right));
        let expected = |holds: fn(&str) -> bool| where_true(TEXTS, holds);
        assert_eq!(
            of(Lookup::Regex, "^a.c").await.unwrap(),
            expected(|text| ["abc", "aBc ", "a?c"].contains(&text))
        );
        assert_eq!(of(Lookup::Regex, "^[aA]$").await.unwrap(), [1, 2]);
        assert_eq!(
            of(Lookup::IRegex, "^AB").await.unwrap(),
            expected(|text| text.to_lowercase().starts_with("ab"))
        );
        assert_eq!(of(Lookup::Regex, r"^\(x\+\)$").await.unwrap(), expected(|text| text == "(x+)"));
        // One character, however many bytes it has.
        let one = expected(|text| text.chars().count() == 1);
        assert_eq!(of(Lookup::Regex, "^.$").await.unwrap(), one);
        assert_eq!(of(Lookup::IRegex, "^.$").await.unwrap(), one);
        assert!(of(Lookup::Regex, "(").await.is_err());
        let rows = [
            vec!["Abc".into(), "^a.c$".into()],
            vec!["abc".into(), "^a.c$".into()],
            vec!["b".into(), Value::Null],
        ];
        let columns = [("v", DataType::TEXT), ("w", DataType::Text { max_length: Some(20) })];
        let table = Table::new(&db, "expressions", &columns, &rows).await;
        let of = |lookup| table.which(table.column("v"), lookup, Compared::One(table.term("w")));
        assert_eq!(of(Lookup::Regex).await.unwrap(), [1]);
        assert_eq!(of(Lookup::IRegex).await.unwrap(), [0, 1]);
    });
}

#[test_on(all)]
fn what_is_no_text_is_matched_as_text(kind: Kind) {
    on_database(kind, async |db| {
        let table = Table::of(&db, "numbers", DataType::Integer, &[120, 12, 21].map(Value::from)).await;
        assert_eq!(table.which(table.column("v"), Lookup::StartsWith, one(12)).await.unwrap(), [0, 1]);
        assert_eq!(table.which(table.column("v"), Lookup::IContains, one("20")).await.unwrap(), [0]);
        assert_eq!(table.which(table.column("v"), Lookup::Regex, one("^.2")).await.unwrap(), [0, 1]);
        assert_eq!(table.which(table.column("v"), Lookup::EndsWith, one("1")).await.unwrap(), [2]);
        let uuid: enmasse::uuid::Uuid = "1234abcd-ef01-4321-8765-0123456789ab".parse().unwrap();
        let table =
            Table::of(&db, "uuids", DataType::Uuid, &[uuid.into(), enmasse::uuid::Uuid::nil().into()]).await;
        for (lookup, needle) in [
            (Lookup::StartsWith, "1234abcd-ef"),
            (Lookup::IStartsWith, "1234ABCD-EF"),
            (Lookup::Contains, "-4321-"),
            (Lookup::IEndsWith, "89AB"),
            (Lookup::IExact, "1234ABCD-EF01-4321-8765-0123456789AB"),
        ] {
            assert_eq!(table.which(table.column("v"), lookup, one(needle)).await.unwrap(), [0], "{lookup:?}");
        }
    });
}

#[test_on(all)]
fn functions_of_text(kind: Kind) {
    on_database(kind, async |db| {
        let rows = [
            vec![Value::from("  Ab😀é "), 5.into()],
            vec![Value::Null, 7.into()],
            vec!["a-b-c".into(), Value::Null],
        ];
        let table = Table::new(&db, "names", &[("v", DataType::TEXT), ("n", DataType::BigInt)], &rows).await;
        let of = async |function, args: Vec<Term>| {
            let of = expr::function(table.dialect(), &function, args).unwrap();
            table.values(of).await.unwrap()
        };
        let v = || table.term("v");
        let text = |text: &str| Term::Value(text.into());
        let expected =
            |values: [Option<&str>; 3]| values.map(|value| value.map(str::to_owned).into()).to_vec();
        assert_eq!(of(Function::Length, vec![v()]).await, [7.into(), Value::Null, 5.into()]);
        assert_eq!(of(Function::Trim, vec![v()]).await, expected([Some("Ab😀é"), None, Some("a-b-c")]));
        assert_eq!(of(Function::LTrim, vec![v()]).await, expected([Some("Ab😀é "), None, Some("a-b-c")]));
        assert_eq!(of(Function::RTrim, vec![v()]).await, expected([Some("  Ab😀é"), None, Some("a-b-c")]));
        let lower = of(Function::Lower, vec![v()]).await;
        assert_eq!(lower, expected([Some("  ab😀é "), None, Some("a-b-c")]));
        let replaced = of(Function::Replace, vec![v(), text("-"), text("é")]).await;
        assert_eq!(replaced, expected([Some("  Ab😀é "), None, Some("aébéc")]));
        assert_eq!(of(Function::Replace, vec![v(), text("-")]).await[2], "abc".into());
        let part = of(Function::Substr, vec![v(), Term::Value(4.into()), Term::Value(3.into())]).await;
        assert_eq!(
            part,
            expected([Some("b😀é"), None, Some("b-")])
                .into_iter()
                .map(|value| match value {
                    Value::Text(text) if text == "b-" => Value::from("-c"),
                    other => other,
                })
                .collect::<Vec<_>>()
        );
        assert_eq!(of(Function::Substr, vec![v(), table.term("n")]).await[0], "😀é ".into());
        let concat =
            of(Function::Concat, vec![v(), text("/"), table.term("n"), Term::Value(Value::Null)]).await;
        assert_eq!(concat, expected([Some("  Ab😀é /5"), Some("/7"), Some("a-b-c/")]));
        let coalesce = of(Function::Coalesce, vec![v(), text("none")]).await;
        assert_eq!(coalesce, expected([Some("  Ab😀é "), Some("none"), Some("a-b-c")]));
        let null_if = of(Function::NullIf, vec![v(), text("a-b-c")]).await;
        assert_eq!(null_if, expected([Some("  Ab😀é "), None, None]));
        let bytes = Table::of(&db, "blobs", DataType::Bytes, &[vec![0_u8, 255, 0].into()]).await;
        let of = expr::function(bytes.dialect(), &Function::Length, vec![bytes.term("v")]).unwrap();
        assert_eq!(bytes.values(of).await.unwrap(), [3.into()]);
    });
}

#[test_on(all)]
fn a_list_of_texts_has_the_columns_collation(kind: Kind) {
    on_database(kind, async |db| {
        let table = Table::of(
            &db,
            "names",
            DataType::Text { max_length: Some(20) },
            &["abc", "ABC", "é", "e"].map(Value::from),
        )
        .await;
        let collations: &[(&str, &[i64])] = match table.kind {
            Kind::MariaDb | Kind::Mysql => &[
                ("v VARCHAR(20) COLLATE utf8mb4_general_ci", &[0, 1, 2, 3]),
                ("v VARCHAR(20) COLLATE utf8mb4_unicode_ci", &[0, 1, 2, 3]),
                ("v VARCHAR(20) COLLATE utf8mb4_bin", &[1, 2]),
                ("v VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_german1_ci", &[0, 1, 2, 3]),
            ],
            _ => &[("", &[1, 2])],
        };
        for (collation, expected) in collations {
            if !collation.is_empty() {
                db.execute_raw(&format!("ALTER TABLE names MODIFY {collation}"), []).await.unwrap();
            }
            for length in [2, 1_500, 20_000, 100_000] {
                let others = (2..length).map(|number| format!("nobody {number}"));
                let list = || many(others.clone().chain(["ABC".to_owned(), "é".to_owned()]));
                let found = table.which(table.column("v"), Lookup::In, list()).await;
                let found = found.unwrap_or_else(|error| panic!("{:.200}", error.to_string()));
                assert_eq!(found, *expected, "{collation}, {length}");
                let holds = lookup::compile(table.dialect(), table.column("v"), Lookup::In, list()).unwrap();
                let others: Vec<i64> = (0..4).filter(|number| !expected.contains(number)).collect();
                assert_eq!(table.rows(holds.not()).await.unwrap(), others, "{collation}, {length}");
            }
        }
    });
}
