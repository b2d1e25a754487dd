//! Lookups of JSON.

use enmasse::prelude::*;
use enmasse::serde_json::{self, json};
use enmasse_testing::{Kind, on_database, test_on};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "document")]
struct Document {
    #[model(primary_key)]
    id: i64,
    data: Option<serde_json::Value>,
}

#[test_on(all)]
fn lookups_of_json(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Document::model().unwrap()]).await.unwrap();
        let documents = [
            None,
            Some(json!(null)),
            Some(json!({"a": 1, "b": "x", "c": {"d": [1, 2, "three"], "e'\"": true}})),
            Some(json!({"a": 1.5, "b": "X", "c": {}})),
            Some(json!({"a": "1", "b": null})),
            Some(json!([1, "a", {"a": 1}])),
            Some(json!("a")),
            Some(json!({"a": {"a": 1}, "0": "zero"})),
            Some(json!(12)),
            Some(json!({"a": true, "b": "x%_\\"})),
        ];
        let rows = documents.into_iter().zip(0..).map(|(data, id)| Document { id, data });
        Document::objects(&db).bulk_create(rows).await.unwrap();
        let all = || Document::objects(&db).order_by(|d| d.id);
        macro_rules! finds {
            ($($keyword:tt $([$($step:tt)+])* $($lookup:ident)? = $value:expr; $name:literal = $named:expr => $ids:expr;)*) => {$({
                let what = $name;
                let expected: Vec<i64> = $ids.into();
                let ids = all().filter(q!($keyword $([$($step)+])* $($lookup)? = $value)).values(|d| d.id).await;
                assert_eq!(ids.unwrap_or_else(|error| panic!("q! {what}: {error}")), expected, "q! {what}");
                let ids = all().filter_by(Q::named(what, $named)).values(|d| d.id).await;
                assert_eq!(ids.unwrap_or_else(|error| panic!("{what}: {error}")), expected, "{what}");
            })*};
        }
        finds! {
            data["a"] = 1; "data__a" = 1 => [2];
            data["a"] = "1"; "data__a" = "1" => [4];
            data["a"] = true; "data__a" = true => [9];
            data["a"] = json!({"a": 1}); "data__a" = json!({"a": 1}) => [7];
            data["a"]["a"] = 1; "data__a__a" = 1 => [7];
            data["a"]__gt = 1; "data__a__gt" = 1 => [3];
            data["a"]__gte = 1.0; "data__a__gte" = 1.0 => [2, 3];
            data["a"]__lt = 1.5; "data__a__lt" = 1.5 => [2];
            data["a"]__in = [1, 2]; "data__a__in" = vec![1, 2] => [2];
            data["a"]__isnull = true; "data__a__isnull" = true => [0, 1, 5, 6, 8];
            data["a"]__isnull = false; "data__a__isnull" = false => [2, 3, 4, 7, 9];
            data["b"] = serde_json::Value::Null; "data__b" = serde_json::Value::Null => [4];
            data["b"]__icontains = "X"; "data__b__icontains" = "X" => [2, 3, 9];
            data["b"]__icontains = "x%_\\"; "data__b__icontains" = "x%_\\" => [9];
            data["b"]__startswith = "x"; "data__b__startswith" = "x" => [2, 9];
            data["b"]__in = ["x", "X", "y"]; "data__b__in" = vec!["x", "X", "y"] => [2, 3];
            data["c"]["d"][1] = 2; "data__c__d__1" = 2 => [2];
            data["c"]["d"][2] = "three"; "data__c__d__2" = "three" => [2];
            data["c"]["e'\""] = true; "data__c__e'\"" = true => [2];
            data["c"] = json!({}); "data__c" = json!({}) => [3];
            data[0] = 1; "data__0" = 1 => [5];
            data__exact = json!("a"); "data" = json!("a") => [6];
            data__exact = json!({"c": {}, "b": "X", "a": 1.5}); "data__exact" = json!({"c": {}, "b": "X", "a": 1.5}) => [3];
            data__isnull = true; "data__isnull" = true => [0];
            data__has_key = "b"; "data__has_key" = "b" => [2, 3, 4, 9];
            data__has_key = "0"; "data__has_key" = "0" => [7];
            data["c"]__has_key = "e'\""; "data__c__has_key" = "e'\"" => [2];
            data__has_keys = ["a", "b"]; "data__has_keys" = vec!["a", "b"] => [2, 3, 4, 9];
            data__has_keys = ["a", "c"]; "data__has_keys" = vec!["a", "c"] => [2, 3];
            data__has_any_keys = ["c", "0"]; "data__has_any_keys" = vec!["c", "0"] => [2, 3, 7];
        }
        // PostgreSQL counts the texts in an array, and a text, as keys too.
        let with_key =
            if Kind::of(&db) == Kind::Postgres { vec![2, 3, 4, 5, 6, 7, 9] } else { vec![2, 3, 4, 7, 9] };
        assert_eq!(all().filter(q!(data__has_key = "a")).values(|d| d.id).await.unwrap(), with_key);
        let others = all().exclude(q!(data["a"] = 1)).values(|d| d.id).await.unwrap();
        assert_eq!(others, [0, 1, 3, 4, 5, 6, 7, 8, 9]);
        let contained = [
            (Q::named("data__contains", json!({"b": "x"})), vec![2]),
            (Q::named("data__contains", json!({"c": {"d": [2]}})), vec![2]),
            (Q::named("data__contained_by", json!({"a": 1.5, "b": "X", "c": {}, "z": 1})), vec![3]),
        ];
        for (condition, expected) in contained {
            let ids = all().filter_by(condition).values(|d| d.id).await;
            match Kind::of(&db) {
                Kind::Sqlite => assert_eq!(ids.unwrap_err().kind(), ErrorKind::NotSupported),
                _ => assert_eq!(ids.unwrap(), expected),
            }
        }
        assert_eq!(all().filter(q!(data["a"] = 1)).update(|d| d.data.set(d.data.key("c"))).await.unwrap(), 1);
        let read = all().filter(q!(id = 2)).get().await.unwrap();
        assert_eq!(read.data, Some(json!({"d": [1, 2, "three"], "e'\"": true})));
    });
}
