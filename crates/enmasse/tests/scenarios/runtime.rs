//! The same with models that are known only at run time: described, or read from the database, and used by name.

use enmasse::prelude::*;
use enmasse::schema::{Auto, Default, Field, ForeignKey, Model, ModelRef, Schema};
use enmasse::serde_json::json;
use enmasse_testing::{Kind, on_database, test_on};

use crate::ended;

fn text(max_length: u32) -> DataType {
    DataType::Text { max_length: Some(max_length) }
}

/// Shops, and the goods that are in them.
fn shops() -> [ModelRef; 2] {
    let shop = Model::new("Shop", "shop")
        .add(Field::new("code", text(5)).primary_key())
        .add(Field::new("open", DataType::Bool).default(Default::Value(true.into())));
    let price = DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) };
    let in_shop = ForeignKey { model: "Shop".into(), to_field: None, related_name: Some("goods".into()) };
    let good = Model::new("Good", "good")
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("name", text(20)).column("The Name"))
        .add(Field::new("price", price))
        .add(Field::new("stock", DataType::Integer).default(Default::Value(5.into())))
        .add(Field::new("made", DataType::Date).null())
        .add(Field::new("data", DataType::Json).null())
        .add(Field::new("shop", text(5)).references(in_shop).null())
        .add(Field::new("updated", DataType::DateTime).auto(Auto::OnWrite));
    let schema = Schema::new(vec![good, shop]).unwrap();
    [schema.model("Shop").unwrap(), schema.model("Good").unwrap()]
}

async fn fill(db: &Database, [shop, good]: &[ModelRef; 2]) -> Vec<Record> {
    db.create_tables([good.clone(), shop.clone()]).await.unwrap();
    let shops = QuerySet::<Record>::of(shop, db);
    for code in ["one", "two"] {
        shops.clone().create_by([("code", code)]).await.unwrap();
    }
    let goods = [
        ("ink", "1.50", Some("one")),
        ("pen", "20", Some("one")),
        ("cap", "7.25", Some("two")),
        ("box", "0.01", None),
    ];
    let record = |(name, price, shop): (&str, &str, Option<&str>)| {
        let mut record = Record::new(good);
        record.set("name", name).unwrap();
        record.set("price", price).unwrap();
        record.set("shop", shop.map_or(Value::Null, Value::from)).unwrap();
        record
    };
    QuerySet::of(good, db).bulk_create(goods.map(record)).await.unwrap()
}

async fn names(rows: QuerySet<Record>) -> Vec<String> {
    let rows = rows.order_by_names(["pk"]).values_by(["name"]).await.unwrap();
    rows.into_iter()
        .map(|row| match &row[..] {
            [Value::Text(name)] => name.clone(),
            _ => panic!("not a row of one text: {row:?}"),
        })
        .collect()
}

#[test_on(all)]
fn a_described_model_is_created_read_and_updated(kind: Kind) {
    on_database(kind, async |db| {
        let models = shops();
        let made = fill(&db, &models).await;
        let all = || QuerySet::<Record>::of(&models[1], &db);
        assert_eq!(made[3].get("pk").unwrap(), &Value::Int(4));
        assert_eq!(made[0].get("stock").unwrap(), &Value::Int(5));
        let read = all().order_by_names(["id"]).fetch().await.unwrap();
        assert_eq!(read.len(), 4);
        assert_eq!(read[1].get("price").unwrap(), &Value::Decimal(Decimal::from(20)));
        assert_eq!(read[1].get("shop_id").unwrap(), &Value::from("one"));

        assert_eq!(names(all().filter_by(Q::named("shop__open", true))).await, ["ink", "pen", "cap"]);
        assert_eq!(names(all().filter_by(Q::named("price__lt", "7.26"))).await, ["ink", "cap", "box"]);
        assert_eq!(names(all().filter_by(Q::named("name__in", vec!["pen", "box"]))).await, ["pen", "box"]);
        assert_eq!(names(all().exclude_by(Q::named("shop", "one"))).await, ["cap", "box"]);
        assert_eq!(names(all().filter_by(Q::named("shop__goods__name", "ink"))).await, ["ink", "pen"]);
        assert_eq!(
            names(all().filter(|g| g.col("name").istarts_with("P") | g.col("price").gt(5))).await,
            ["pen", "cap"]
        );
        assert_eq!(names(all().filter_by(F("stock").gt(F("price")))).await, ["ink", "box"]);
        let shop = QuerySet::<Record>::of(&models[0], &db);
        let with_cap =
            shop.clone().filter_by(Q::named("goods__name__contains", "a")).values_by(["code"]).await;
        assert_eq!(with_cap.unwrap(), [[Value::from("two")]]);

        let old = Utc::now() - TimeDelta::days(1);
        assert_eq!(all().update_by([("updated", old)]).await.unwrap(), 4);
        assert_eq!(
            all()
                .filter_by(Q::named("shop__code", "one"))
                .update_by([("stock", F("stock") * 2 + 1)])
                .await
                .unwrap(),
            2
        );
        assert_eq!(
            all().filter_by(Q::named("updated__gt", old + TimeDelta::hours(1))).count().await.unwrap(),
            2
        );
        let several =
            [("made", Value::from("2024-02-29")), ("data", json!({"a": 1}).into()), ("stock", "12".into())];
        assert_eq!(all().filter_by(Q::named("pk", 4)).update_by(several).await.unwrap(), 1);
        assert_eq!(
            names(all().filter_by(Q::named("made__year", 2024) & Q::named("data__a", 1))).await,
            ["box"]
        );
        let stock = all().order_by_names(["-stock", "id"]).values_by(["stock", "shop__open"]).await.unwrap();
        let yes = Value::Bool(true);
        let expected = [(12, Value::Null), (11, yes.clone()), (11, yes.clone()), (5, yes)];
        assert_eq!(stock, expected.map(|(stock, open)| [Value::Int(stock), open]));
        assert_eq!(all().filter_by(Q::named("shop__open", true)).delete().await.unwrap(), 3);
    });
}

#[test_on(all)]
fn records_are_updated_in_bulk(kind: Kind) {
    on_database(kind, async |db| {
        let models = shops();
        let mut goods = fill(&db, &models).await;
        let all = || QuerySet::<Record>::of(&models[1], &db);
        for (number, good) in goods.iter_mut().enumerate() {
            good.set("price", format!("{number}.25")).unwrap(); // text that is a number
            good.set("made", "1999-12-31").unwrap();
            good.set("data", if number == 0 { Value::Null } else { json!([number]).into() }).unwrap();
            good.set("shop", "two").unwrap();
        }
        let mut gone = goods[0].clone();
        gone.set("id", 77).unwrap();
        let fields = ["price", "made", "data", "shop"];
        let report = all().bulk_update(goods.iter().rev().chain([&gone]), |_| fields).await.unwrap();
        assert_eq!((report.matched, report.missing), (4, vec![vec![Value::Int(77)]]));
        let read = all().order_by_names(["id"]).values_by(["price", "made", "data", "shop"]).await.unwrap();
        let day = NaiveDate::from_ymd_opt(1999, 12, 31).unwrap();
        let row = |number: usize| {
            let data = if number == 0 { Value::Null } else { json!([number]).into() };
            [Value::Decimal(Decimal::new(number as i64 * 100 + 25, 2)), day.into(), data, "two".into()]
        };
        assert_eq!(read, [row(0), row(1), row(2), row(3)]);
        let shop = QuerySet::<Record>::of(&models[0], &db);
        let mut shops = shop.clone().fetch().await.unwrap();
        shops.iter_mut().for_each(|shop| shop.set("open", false).unwrap());
        let report = shop
            .filter_by(Q::named("goods__name", "ink"))
            .bulk_update(&shops, |s| s.col("open"))
            .await
            .unwrap();
        assert_eq!((report.matched, report.missing), (1, vec![vec![Value::from("one")]]));
        let mut saved = goods[2].clone();
        saved.set("stock", 1_000).unwrap();
        assert!(!all().save(&mut saved).await.unwrap().created);
        assert_eq!(names(all().filter_by(Q::named("stock", 1_000))).await, ["cap"]);
    });
}

#[test_on(all)]
fn names_and_values_are_checked_when_they_are_used(kind: Kind) {
    on_database(kind, async |db| {
        let models = shops();
        fill(&db, &models).await;
        let tx = ended(&db).await; // before anything is sent
        let all = || QuerySet::<Record>::of(&models[1], &tx);
        let errors = [
            all().filter_by(Q::named("nmae", 1)).count().await.unwrap_err(),
            all().filter_by(Q::named("shop__opn", true)).count().await.unwrap_err(),
            all().order_by_names(["-nmae"]).fetch().await.unwrap_err(),
            all().update_by([("nmae", 1)]).await.unwrap_err(),
            all().create_by([("nmae", 1)]).await.unwrap_err(),
            all().bulk_update(&[], |_| ["nmae"]).await.unwrap_err(),
            Record::new(&models[1]).set("nmae", 1).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::UnknownField);
            assert!(error.to_string().contains("Did you mean"), "{error}");
        }
        let errors = [
            all().filter_by(Q::named("stock", "many")).count().await.unwrap_err(),
            all().filter_by(Q::named("made__gt", "yesterday")).count().await.unwrap_err(),
            all().filter_by(Q::named("stock__isnull", 7)).count().await.unwrap_err(),
            all().update_by([("price", "dear")]).await.unwrap_err(),
            all().update_by([("name", "a name that is too long for the column")]).await.unwrap_err(),
            all().create_by([("name", "x"), ("price", "1.234")]).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Value, "{error}");
            assert!(error.to_string().contains("Good."), "names the field: {error}");
        }
        let errors = [
            all().filter_by(Q::named("stock__lke", 1)).count().await.unwrap_err(),
            all().filter_by(Q::named("stock__year", 1)).count().await.unwrap_err(),
            all().filter_by(Q::named("stock__has_key", "x")).count().await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Field, "{error}");
        }
        assert_eq!(models[0].schema().model("Shp").unwrap_err().kind(), ErrorKind::Configuration);
    });
}

#[test_on(all)]
fn a_database_is_read_and_its_tables_are_used(kind: Kind) {
    on_database(kind, async |db| {
        let models = shops();
        fill(&db, &models).await;
        let identity = match Kind::of(&db) {
            Kind::Sqlite => "integer PRIMARY KEY AUTOINCREMENT",
            Kind::Postgres => "bigserial PRIMARY KEY",
            Kind::MariaDb | Kind::Mysql => "bigint AUTO_INCREMENT PRIMARY KEY",
        };
        let own = format!(
            "CREATE TABLE note (number {identity}, body varchar(30) NOT NULL, good_id bigint NULL REFERENCES good (id), \
             half numeric(6, 1), UNIQUE (body))"
        );
        db.execute_raw(&own, []).await.unwrap();
        if Kind::of(&db).in_mysql_family() {
            // It takes no notice of REFERENCES beside a column.
            db.execute_raw("ALTER TABLE note ADD FOREIGN KEY (good_id) REFERENCES good (id)", [])
                .await
                .unwrap();
        }
        let keyed =
            "CREATE TABLE pair (a integer NOT NULL, b varchar(5) NOT NULL, n integer, PRIMARY KEY (a, b))";
        db.execute_raw(keyed, []).await.unwrap();

        let catalogue = db.inspect().await.unwrap();
        let [good, note, pair] = ["good", "note", "pair"].map(|table| catalogue.model(table).unwrap());
        assert_eq!(good.field("shop").unwrap().column, "shop_id");
        let goods = || QuerySet::<Record>::of(&good, &db);
        let of_shop = goods().filter_by(Q::named("shop__open", true)).order_by_names(["id"]);
        let found = of_shop.values_by(["The Name"]).await.unwrap();
        assert_eq!(found, [["ink"], ["pen"], ["cap"]].map(|row| row.map(Value::from)));
        assert_eq!(
            goods().filter_by(Q::named("shop", "two")).update_by([("stock", F("stock") + 1)]).await.unwrap(),
            1
        );

        let notes = || QuerySet::<Record>::of(&note, &db);
        let made = notes().create_by([("body", Value::from("first")), ("good", 1.into())]).await.unwrap();
        assert_eq!(made.get("pk").unwrap(), &Value::Int(1));
        let mut second = Record::new(&note);
        second.set("body", "second").unwrap();
        second.set("good_id", 2).unwrap();
        assert!(notes().save(&mut second).await.unwrap().created);
        assert_eq!(second.get("number").unwrap(), &Value::Int(2));
        assert_eq!(notes().filter_by(Q::named("good__shop__code", "one")).count().await.unwrap(), 2);
        let error = notes().create_by([("body", "first")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        let error =
            notes().update_by([("body", "longer than the thirty characters that fit")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "the column's declared length is read too: {error}");
        let error = notes().update_by([("half", "1.55")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "{error}");
        let mut both = notes().order_by_names(["pk"]).fetch().await.unwrap();
        both.iter_mut().zip(["1.5", "-2.5"]).for_each(|(note, half)| note.set("half", half).unwrap());
        assert_eq!(notes().bulk_update(&both, |_| ["half", "good"]).await.unwrap().matched, 2);
        let halves = notes().order_by_names(["half"]).values_by(["half"]).await.unwrap();
        assert_eq!(halves, [[Value::Decimal(Decimal::new(-25, 1))], [Value::Decimal(Decimal::new(15, 1))]]);

        let pairs = || QuerySet::<Record>::of(&pair, &db);
        let pair_of = |a: i32, b: &str, n: i32| {
            let mut record = Record::new(&pair);
            record.set("a", a).unwrap();
            record.set("b", b).unwrap();
            record.set("n", n).unwrap();
            record
        };
        pairs().bulk_create([pair_of(1, "x", 0), pair_of(1, "y", 0), pair_of(2, "x", 0)]).await.unwrap();
        let batch = [pair_of(1, "y", 5), pair_of(2, "y", 6), pair_of(2, "x", 7)];
        let report = pairs().bulk_update(&batch, |_| ["n"]).await.unwrap();
        assert_eq!((report.matched, report.missing), (2, vec![vec![Value::Int(2), Value::from("y")]]));
        let numbers = pairs().order_by_names(["a", "b"]).values_by(["n"]).await.unwrap();
        assert_eq!(numbers, [[Value::Int(0)], [Value::Int(5)], [Value::Int(7)]]);
    });
}
