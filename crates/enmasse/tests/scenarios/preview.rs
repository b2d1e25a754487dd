//! The preview of an update; and the resolution of a keyword.

use enmasse::expr::Expr;
use enmasse::lookup::Lookup;
use enmasse::prelude::*;
use enmasse::query_set::Preview;
use enmasse::schema::{Field, ForeignKey, Model, ModelRef, Schema};
use enmasse_testing::{Kind, on_database, test_on};

fn models() -> Vec<ModelRef> {
    let key = |model: &str, name: &str| ForeignKey {
        model: model.into(),
        to_field: None,
        related_name: Some(name.into()),
    };
    let price = DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) };
    let schema = Schema::new(vec![
        Model::new("Item", "item")
            .add(Field::new("a", DataType::BigInt).primary_key())
            .add(Field::new("b", DataType::Text { max_length: Some(5) }).primary_key())
            .add(Field::new("name", DataType::Text { max_length: Some(20) }).null())
            .add(Field::new("number", DataType::SmallInt))
            .add(Field::new("price", price))
            .add(Field::new("data", DataType::Json).null()),
        Model::new("Base", "base")
            .add(Field::new("id", DataType::BigInt).primary_key())
            .add(Field::new("title", DataType::TEXT)),
        Model::new("Child", "child").extends("Base").add(Field::new("level", DataType::Integer)),
        Model::new("Mark", "mark")
            .add(Field::new("id", DataType::BigInt).primary_key())
            .add(Field::new("child", DataType::BigInt).references(key("Child", "marks"))),
    ]);
    schema.unwrap().models().collect()
}

fn record(model: &ModelRef, values: &[(&str, Value)]) -> Record {
    let mut record = Record::new(model);
    values.iter().for_each(|(name, value)| record.set(name, value.clone()).unwrap());
    record
}

async fn fill(db: &Database) -> Vec<ModelRef> {
    let models = models();
    db.create_tables(models.clone()).await.unwrap();
    let item = |a: i64, name: Option<&str>, number: i16, price: &str| {
        let data = serde_json::json!({ "a": [number] });
        record(
            &models[0],
            &[
                ("a", a.into()),
                ("b", "x".into()),
                ("name", name.into()),
                ("number", number.into()),
                ("price", price.into()),
                ("data", data.into()),
            ],
        )
    };
    let items = [item(1, Some("us"), 2, "1.50"), item(2, Some("US"), 3, "2"), item(3, None, 4, "3.33")];
    QuerySet::<Record>::of(&models[0], db).bulk_create(items).await.unwrap();
    let child = |id: i64, title: &str| {
        record(&models[2], &[("id", id.into()), ("title", title.into()), ("level", 1.into())])
    };
    QuerySet::<Record>::of(&models[2], db).bulk_create([child(1, "one"), child(2, "TWO")]).await.unwrap();
    let mark = |id: i64, child: i64| record(&models[3], &[("id", id.into()), ("child", child.into())]);
    let marks = [mark(1, 1), mark(2, 1), mark(3, 2)];
    QuerySet::<Record>::of(&models[3], db).bulk_create(marks).await.unwrap();
    models
}

/// `name changed key: before → after, …` of each field.
fn shown(preview: &Preview) -> Vec<String> {
    let field = |field: &enmasse::query_set::FieldPreview| {
        let examples = field.examples.iter().map(|example| {
            let key: Vec<String> = example.key.iter().map(ToString::to_string).collect();
            format!("{}: {} → {}", key.join(" "), example.before, example.after)
        });
        format!("{} {} {}", field.field, field.changed, examples.collect::<Vec<_>>().join(", "))
    };
    preview.fields.iter().map(field).collect()
}

#[test_on(all)]
fn only_what_really_changes_counts(kind: Kind) {
    on_database(kind, async |db| {
        let models = fill(&db).await;
        let items = || QuerySet::<Record>::of(&models[0], &db);
        let preview = items().update_by([("name", F("name").upper())]).preview(5).await.unwrap();
        assert_eq!(
            (preview.matched, preview.changed),
            (3, 1),
            "a change of case is one, whatever the collation"
        );
        assert_eq!(shown(&preview), ["name 1 1 'x': 'us' → 'US'"]);

        // what the column would round is rounded before it is compared
        let set = [
            ("number", F("number") * Decimal::new(1_004, 3)),
            ("price", F("price") * Decimal::new(10_001, 4)),
        ];
        let preview = items().update_by(set).preview(5).await.unwrap();
        assert_eq!((preview.matched, preview.changed), (3, 0), "{preview:?}");

        let price: Value = "1.5".into();
        let preview = items().update_by([("price", price), ("name", Value::Null)]).preview(1).await.unwrap();
        assert_eq!((preview.matched, preview.changed), (3, 3));
        assert_eq!((preview.fields[0].changed, preview.fields[0].examples.len()), (2, 1));
        assert_eq!(preview.fields[0].examples[0].key, [Value::Int(2), "x".into()]);
        assert_eq!(shown(&preview)[1], "name 2 1 'x': 'us' → NULL");

        let same = serde_json::json!({ "a": [2] });
        let preview = items().update_by([("data", same)]).preview(0).await.unwrap();
        assert_eq!((preview.changed, preview.fields[0].examples.len()), (2, 0));
        let none = items().filter_by(Q::named("a__in", Vec::<i64>::new()));
        assert_eq!(none.update_by([("number", 1)]).preview(5).await.unwrap(), Preview::default());
        let numbers = items().order_by_names(["a"]).values_by(["number"]).await.unwrap();
        assert_eq!(numbers, [[Value::Int(2)], [Value::Int(3)], [Value::Int(4)]], "nothing was written");

        let errors = [
            items().update_by([("number", "many")]).preview(5).await.unwrap_err(),
            items().update_by([("nmae", 1)]).preview(5).await.unwrap_err(),
            items().slice(..1).update_by([("number", 1)]).preview(5).await.unwrap_err(),
        ];
        let kinds = errors.map(|error| error.kind());
        assert_eq!(kinds, [ErrorKind::Value, ErrorKind::UnknownField, ErrorKind::Request]);
    });
}

#[test_on(all)]
fn a_row_counts_once_and_has_all_its_tables(kind: Kind) {
    on_database(kind, async |db| {
        let models = fill(&db).await;
        let marked = QuerySet::<Record>::of(&models[2], &db).filter_by(Q::named("marks__id__gte", 1));
        let set = [("title", Expr::from(F("title").upper())), ("level", (F("level") + F("id")).into())];
        let preview = marked.update_by(set).preview(5).await.unwrap();
        assert_eq!((preview.matched, preview.changed), (2, 2));
        assert_eq!(shown(&preview), ["title 1 1: 'one' → 'ONE'", "level 2 1: 1 → 2, 2: 1 → 3"]);
    });
}

#[test_on(all)]
fn deferred_constraints_are_checked_before_the_commit(kind: Kind) {
    on_database(kind, async |db| {
        let models = fill(&db).await;
        let broken = db
            .transaction(async |tx| {
                QuerySet::<Record>::of(&models[3], &tx).update_by([("child", 77)]).await?;
                tx.check_constraints().await
            })
            .await;
        assert_eq!(broken.unwrap_err().kind(), ErrorKind::Integrity);
        let checked = db.transaction(async |tx| tx.check_constraints().await).await;
        checked.unwrap();
        let early = db
            .transaction(async |tx| {
                QuerySet::<Record>::of(&models[3], &tx).update_by([("child", 77)]).await?;
                let checked = tx.check_constraints().await;
                Err::<(), _>(Error::new(ErrorKind::Request, format!("{}", checked.is_ok())))
            })
            .await
            .unwrap_err();
        if !Kind::of(&db).in_mysql_family() {
            // there, the update itself is refused
            assert_eq!(early.to_string(), "false");
        }
    });
}

#[test_on(all)]
fn a_keyword_tells_what_it_asks_for(kind: Kind) {
    on_database(kind, async |db| {
        let models = fill(&db).await;
        let of = |model: usize, keyword: &str| QuerySet::<Record>::of(&models[model], &db).keyword(keyword);
        for (model, keyword, data_type, lookup) in [
            (0, "number", DataType::SmallInt, Lookup::Exact),
            (0, "data__a__0__gt", DataType::Json, Lookup::Gt),
            (2, "title__icontains", DataType::TEXT, Lookup::IContains),
            (3, "child__title__in", DataType::TEXT, Lookup::In),
            (3, "child", DataType::BigInt, Lookup::Exact),
            (2, "marks__isnull", DataType::BigInt, Lookup::IsNull),
            (2, "marks", DataType::BigInt, Lookup::Exact),
        ] {
            let found = of(model, keyword).unwrap();
            assert_eq!((found.data_type, found.lookup), (Some(data_type), lookup), "{keyword}");
        }
        let kinds = ["nmae", "child__ttile", "child__title__lke", "id__year"]
            .map(|keyword| of(3, keyword).unwrap_err().kind());
        use ErrorKind::{Field, UnknownField};
        assert_eq!(kinds, [UnknownField, UnknownField, Field, Field]);
    });
}
