use enmasse::serde_json::{Value as Json, json};
use enmasse::{DataType, ErrorKind, Value};
use enmasse_core::compile::expr;
use enmasse_core::compile::lookup::Compared;
use enmasse_core::query::Lookup;
use enmasse_core::query::{Function, JsonStep};
use enmasse_core::sql::{Term, Typed};
use enmasse_testing::{Kind, on_database, test_on};

use super::{Table, many, one, where_true};

fn documents() -> Vec<Json> {
    vec![
        json!({"a": 1, "b": [10, 20, {"c": "deep"}]}),
        json!({"a": 1.5}),
        json!({"a": "1"}),
        json!({"a": "Text with 50% and é"}),
        json!({"a": true}),
        json!({"a": false}),
        json!({"a": null}),
        json!({}),
        json!({"a": [1, 2]}),
        json!({"a": {"x": 1, "y": 2}}),
        json!([{"a": 1}, 5]),
        json!("a"),
        json!(null),
        json!({"k\"e.y\\ é[0]": 7, "0": "zero", "é": "accent", "": "empty"}),
        json!({"a": "null"}),
        json!({"a": 100}),
    ]
}

async fn table(db: &enmasse::Database) -> Table {
    let values: Vec<Value> = documents().into_iter().map(Value::Json).chain([Value::Null]).collect();
    Table::of(db, "documents", DataType::Json, &values).await
}

fn at(table: &Table, path: &[&str]) -> Typed {
    path.iter().fold(table.column("v"), |left, key| {
        expr::transform(table.dialect(), left, key).unwrap().expect("a key")
    })
}

/// The value under the key of each document.
fn under<'a>(documents: &'a [Json], key: &str) -> Vec<Option<&'a Json>> {
    documents.iter().map(|document| document.get(key)).collect()
}

#[test_on(all)]
fn what_stands_at_a_key_is_equal_by_type_and_value(kind: Kind) {
    on_database(kind, async |db| {
        let table = table(&db).await;
        let documents = documents();
        let found_under = under(&documents, "a");
        for right in [
            json!(1),
            json!(1.5),
            json!("1"),
            json!("Text with 50% and é"),
            json!("text with 50% and É"),
            json!(true),
            json!(false),
            json!(null),
            json!([1, 2]),
            json!([2, 1]),
            json!({"y": 2, "x": 1}),
            json!({"x": 1}),
            json!("null"),
            json!("true"),
            json!(100),
        ] {
            let found = table.which(at(&table, &["a"]), Lookup::Exact, one(right.clone())).await.unwrap();
            assert_eq!(found, where_true(&found_under, |value| *value == Some(&right)), "{right}");
        }
        // 1.0 is 1.
        assert_eq!(table.which(at(&table, &["a"]), Lookup::Exact, one(1.0)).await.unwrap(), [0]);
        assert_eq!(table.which(at(&table, &["a"]), Lookup::Exact, one(json!([1.0, 2]))).await.unwrap(), [8]);
        // None is JSON's null, and not a missing key.
        assert_eq!(table.which(at(&table, &["a"]), Lookup::Exact, one(Value::Null)).await.unwrap(), [6]);
        let missing = where_true(&found_under, |value| value.is_none());
        let missing: Vec<i64> = missing.into_iter().chain([16]).collect();
        assert_eq!(table.which(at(&table, &["a"]), Lookup::IsNull, one(true)).await.unwrap(), missing);
        let there = where_true(&found_under, |value| value.is_some());
        assert_eq!(table.which(at(&table, &["a"]), Lookup::IsNull, one(false)).await.unwrap(), there);
        // Whole documents.
        let of = |right: Value| table.which(table.column("v"), Lookup::Exact, one(right));
        assert_eq!(of(json!({"b": [10, 20, {"c": "deep"}], "a": 1}).into()).await.unwrap(), [0]);
        assert_eq!(of(json!("a").into()).await.unwrap(), [11]);
        assert_eq!(of(json!(null).into()).await.unwrap(), [12]);
        assert_eq!(of(Value::Null).await.unwrap(), [16]);
        assert_eq!(of(json!({}).into()).await.unwrap(), [7]);
    });
}

#[test_on(all)]
fn what_is_not_equal_is_known_not_to_be(kind: Kind) {
    on_database(kind, async |db| {
        let table = table(&db).await;
        let there = where_true(&under(&documents(), "a"), |value| value.is_some());
        for right in [json!(1), json!("1"), json!(true), json!(null), json!([1, 2])] {
            let holds = enmasse_core::compile::lookup::compile(
                table.dialect(),
                at(&table, &["a"]),
                Lookup::Exact,
                one(right.clone()),
            )
            .unwrap();
            let found = table.rows(holds.clone()).await.unwrap();
            let others = table.rows(holds.not()).await.unwrap();
            let expected: Vec<i64> = there.iter().copied().filter(|number| !found.contains(number)).collect();
            assert_eq!(others, expected, "{right}");
        }
    });
}

#[test_on(all)]
fn paths_lead_anywhere(kind: Kind) {
    on_database(kind, async |db| {
        let table = table(&db).await;
        let of = |path: &[&str], right: Json| table.which(at(&table, path), Lookup::Exact, one(right));
        assert_eq!(of(&["b", "1"], json!(20)).await.unwrap(), [0]);
        assert_eq!(of(&["b", "2", "c"], json!("deep")).await.unwrap(), [0]);
        // To MariaDB and MySQL what is no array is the first element of itself.
        let mysql: &[i64] = &[0, 10];
        let expected = if table.kind.in_mysql_family() { mysql } else { &[10] };
        assert_eq!(of(&["0", "a"], json!(1)).await.unwrap(), expected);
        assert_eq!(of(&["k\"e.y\\ é[0]"], json!(7)).await.unwrap(), [13]);
        assert_eq!(of(&["é"], json!("accent")).await.unwrap(), [13]);
        assert_eq!(of(&[""], json!("empty")).await.unwrap(), [13]);
        let step = |steps: Vec<JsonStep>| {
            let of = vec![table.term("v")];
            expr::function(table.dialect(), &Function::JsonPath(steps), of).unwrap()
        };
        let last = step(vec![JsonStep::Key("b".into()), JsonStep::Index(-1), JsonStep::Key("c".into())]);
        assert_eq!(table.which(last, Lookup::Exact, one("deep")).await.unwrap(), [0]);
        let middle = step(vec![JsonStep::Key("b".into()), JsonStep::Index(-2)]);
        assert_eq!(table.which(middle, Lookup::Exact, one(20)).await.unwrap(), [0]);
    });
}

#[test_on(all)]
fn what_stands_at_a_path_is_json(kind: Kind) {
    on_database(kind, async |db| {
        let table = table(&db).await;
        let documents = documents();
        let values = table.values(at(&table, &["a"])).await.unwrap();
        for (value, expected) in values.iter().zip(under(&documents, "a")) {
            assert_eq!(*value, expected.cloned().map_or(Value::Null, Value::Json));
        }
        let text =
            expr::function(table.dialect(), &Function::Upper, vec![Term::Sql(at(&table, &["b", "2", "c"]))])
                .unwrap();
        assert_eq!(table.values(text).await.unwrap()[0], "DEEP".into());
    });
}

#[test_on(all)]
fn numbers_are_ordered_among_numbers_and_texts_among_texts(kind: Kind) {
    on_database(kind, async |db| {
        let table = table(&db).await;
        let of = |lookup, right: Value| table.which(at(&table, &["a"]), lookup, one(right));
        assert_eq!(of(Lookup::Gt, 1.into()).await.unwrap(), [1, 15]);
        assert_eq!(of(Lookup::Gte, 1.into()).await.unwrap(), [0, 1, 15]);
        assert_eq!(of(Lookup::Lt, 99.5.into()).await.unwrap(), [0, 1]);
        assert_eq!(of(Lookup::Lte, "9".into()).await.unwrap(), [2]);
        assert_eq!(of(Lookup::Gt, "9".into()).await.unwrap(), [3, 14]);
        let range = many([1.2, 200.0]);
        assert_eq!(table.which(at(&table, &["a"]), Lookup::Range, range).await.unwrap(), [1, 15]);
        let error = of(Lookup::Gt, true.into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value);
    });
}

#[test_on(all)]
fn lists_of_anything(kind: Kind) {
    on_database(kind, async |db| {
        let table = table(&db).await;
        let of = |values: Vec<Value>| table.which(at(&table, &["a"]), Lookup::In, Compared::Many(values));
        assert_eq!(of(vec![1.into(), "1".into(), true.into()]).await.unwrap(), [0, 2, 4]);
        assert_eq!(of(vec![1.into(), 1.5.into(), 7.into()]).await.unwrap(), [0, 1]);
        assert_eq!(of(vec![json!(null).into(), json!([1, 2]).into(), Value::Null]).await.unwrap(), [6, 8]);
        assert_eq!(of(vec![]).await.unwrap(), Vec::<i64>::new());
        let numbers = (2..20_000).map(Value::from).collect();
        assert_eq!(of(numbers).await.unwrap(), [15]);
        let texts = (0..20_000).map(|number| number.to_string().into()).collect();
        assert_eq!(of(texts).await.unwrap(), [2]);
    });
}

#[test_on(all)]
fn texts_are_matched(kind: Kind) {
    on_database(kind, async |db| {
        let table = table(&db).await;
        let of = |lookup, right: &str| table.which(at(&table, &["a"]), lookup, one(right));
        assert_eq!(of(Lookup::IExact, "TEXT WITH 50% AND é").await.unwrap(), [3]);
        assert_eq!(of(Lookup::IContains, "50%").await.unwrap(), [3]);
        assert_eq!(of(Lookup::IContains, "TEXT").await.unwrap(), [3]);
        assert_eq!(of(Lookup::StartsWith, "Text").await.unwrap(), [3]);
        assert_eq!(of(Lookup::StartsWith, "text").await.unwrap(), Vec::<i64>::new());
        assert_eq!(of(Lookup::IStartsWith, "text").await.unwrap(), [3]);
        assert_eq!(of(Lookup::EndsWith, "é").await.unwrap(), [3]);
        assert_eq!(of(Lookup::Regex, "^T.*50. ").await.unwrap(), [3]);
        assert_eq!(of(Lookup::IRegex, "^t.*50. ").await.unwrap(), [3]);
        // JSON's null is no text.
        assert_eq!(of(Lookup::IContains, "null").await.unwrap(), [14]);
    });
}

#[test_on(all)]
fn keys_are_there_or_not(kind: Kind) {
    on_database(kind, async |db| {
        let table = table(&db).await;
        let documents = documents();
        let has = |key: &str| where_true(&documents, |document| document.get(key).is_some());
        // PostgreSQL takes a text for a key of itself.
        let has_a: Vec<i64> = match table.kind {
            Kind::Postgres => has("a")
                .into_iter()
                .chain([11])
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect(),
            _ => has("a"),
        };
        let of = |lookup, right| table.which(table.column("v"), lookup, right);
        assert_eq!(of(Lookup::HasKey, one("a")).await.unwrap(), has_a);
        for key in ["b", "é", "", "0", "k\"e.y\\ é[0]", "nobody"] {
            assert_eq!(of(Lookup::HasKey, one(key)).await.unwrap(), has(key), "{key}");
        }
        assert_eq!(of(Lookup::HasKeys, many(["a", "b"])).await.unwrap(), [0]);
        assert_eq!(of(Lookup::HasAnyKeys, many(["b", "é"])).await.unwrap(), [0, 13]);
        let nested = table.which(at(&table, &["a"]), Lookup::HasKeys, many(["x", "y"])).await.unwrap();
        assert_eq!(nested, [9]);
        assert_eq!(table.which(at(&table, &["b", "2"]), Lookup::HasKey, one("c")).await.unwrap(), [0]);
    });
}

#[test_on(all)]
fn documents_contain_one_another(kind: Kind) {
    on_database(kind, async |db| {
        let table = table(&db).await;
        let of = |lookup, right: Json| table.which(table.column("v"), lookup, one(right));
        if table.kind == Kind::Sqlite {
            let error = of(Lookup::Contains, json!({"a": 1})).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotSupported);
            return;
        }
        // To MariaDB and MySQL an array contains what one of its elements contains, at any depth.
        let mysql: &[i64] = &[0, 8, 10];
        let expected = if table.kind.in_mysql_family() { mysql } else { &[0] };
        assert_eq!(of(Lookup::Contains, json!({"a": 1})).await.unwrap(), expected);
        assert_eq!(of(Lookup::Contains, json!({"a": {"x": 1}})).await.unwrap(), [9]);
        assert_eq!(of(Lookup::ContainedBy, json!({"a": 1.5, "z": 0})).await.unwrap(), [1, 7]);
        let part = table.which(at(&table, &["a"]), Lookup::Contains, one(json!([2]))).await.unwrap();
        assert_eq!(part, [8]);
    });
}

#[test_on(all)]
fn documents_compare_with_columns(kind: Kind) {
    on_database(kind, async |db| {
        let columns = [
            ("v", DataType::Json),
            ("w", DataType::Json),
            ("n", DataType::Integer),
            ("name", DataType::Text { max_length: Some(10) }),
            ("active", DataType::Bool),
        ];
        let row = |v: Json, w: Json| vec![v.into(), w.into(), 5.into(), "x".into(), true.into()];
        let rows = [
            row(json!({"a": 5}), json!({"a": 5.0})),
            row(json!({"a": "x"}), json!({"a": "y"})),
            row(json!({"a": true}), json!({"a": true})),
            row(json!({"a": 9}), json!({"a": 10})),
            row(json!({"a": [1]}), json!({"a": [1]})),
            row(json!({}), json!({})),
        ];
        let table = Table::new(&db, "two_documents", &columns, &rows).await;
        let key =
            |column: &str| expr::transform(table.dialect(), table.column(column), "a").unwrap().unwrap();
        let which = |lookup, right: Typed| table.which(key("v"), lookup, Compared::One(Term::Sql(right)));
        assert_eq!(which(Lookup::Exact, key("w")).await.unwrap(), [0, 2, 4]);
        assert_eq!(which(Lookup::Lt, key("w")).await.unwrap(), [1, 3]);
        assert_eq!(which(Lookup::Exact, table.column("n")).await.unwrap(), [0]);
        assert_eq!(which(Lookup::Gt, table.column("n")).await.unwrap(), [3]);
        assert_eq!(which(Lookup::Exact, table.column("name")).await.unwrap(), [1]);
        assert_eq!(which(Lookup::Exact, table.column("active")).await.unwrap(), [2]);
    });
}
