//! Rows are created, saved, read and deleted.

use std::ops::Bound;

use enmasse::prelude::*;
use enmasse::serde_json::{self, json};
use enmasse_testing::{Kind, on_database, test_on};
use futures_util::StreamExt;

use crate::ended;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "item")]
struct Item {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(max_length = 10)]
    name: String,
    #[model(max_digits = 6, decimal_places = 2)]
    price: Decimal,
    stock: i16,
    #[model(foreign_key = Item, related_name = "parts")]
    part_of: Option<i64>,
}

impl Item {
    fn new(name: &str, stock: i16) -> Self {
        Item { id: None, name: name.into(), price: Decimal::new(150, 2), stock, part_of: None }
    }

    fn with_id(self, id: i64) -> Self {
        Item { id: Some(id), ..self }
    }
}

/// So many items, with the numbers from 1 as key and as stock.
async fn items(db: &Database, number: i16) -> Vec<Item> {
    db.create_tables([Item::model().unwrap()]).await.unwrap();
    let new = (1..=number).map(|stock| Item::new(&format!("item {stock}"), stock));
    Item::objects(db).bulk_create(new).await.unwrap()
}

fn ids(items: &[Item]) -> Vec<i64> {
    items.iter().map(|item| item.id.unwrap()).collect()
}

#[test_on(all)]
fn get_wants_exactly_one_row(kind: Kind) {
    on_database(kind, async |db| {
        let all = items(&db, 30).await;
        let got = Item::objects(&db).filter(q!(name = "item 7")).get().await.unwrap();
        assert_eq!(got, all[6]);
        let error = Item::objects(&db).filter(q!(name = "item")).get().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("Item"), "{error}");
        let error = Item::objects(&db).filter(q!(stock__lte = 3)).get().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MultipleFound);
        assert!(error.to_string().contains("it returned 3."), "{error}");
        let error = Item::objects(&db).get().await.unwrap_err();
        assert!(error.to_string().contains("more than 20"), "{error}");
        assert_eq!(Item::objects(&db).order_by(|i| i.id).slice(4..5).get().await.unwrap(), all[4]);
        assert_eq!(Item::objects(&db).none().get().await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test_on(all)]
fn first_goes_by_the_order_or_by_the_key(kind: Kind) {
    on_database(kind, async |db| {
        let all = items(&db, 5).await;
        let first = async |rows: QuerySet<Item>| rows.first().await.unwrap().and_then(|item| item.id);
        assert_eq!(Item::objects(&db).first().await.unwrap(), Some(all[0].clone()));
        assert_eq!(first(Item::objects(&db).order_by(|i| i.stock.desc())).await, Some(5));
        assert_eq!(first(Item::objects(&db).order_by(|i| i.id).slice(2..)).await, Some(3));
        assert_eq!(first(Item::objects(&db).filter(q!(stock__gt = 3))).await, Some(4));
        assert_eq!(first(Item::objects(&db).filter(q!(stock__gt = 30))).await, None);
        assert_eq!(first(Item::objects(&db).none()).await, None);
    });
}

#[test_on(all)]
fn rows_are_counted_sliced_and_ordered(kind: Kind) {
    on_database(kind, async |db| {
        items(&db, 10).await;
        let all = || Item::objects(&db).order_by(|i| i.id);
        let fetched = async |rows: QuerySet<Item>| {
            let fetched = ids(&rows.clone().fetch().await.unwrap());
            assert_eq!(rows.clone().count().await.unwrap(), fetched.len() as u64);
            assert_eq!(rows.exists().await.unwrap(), !fetched.is_empty());
            fetched
        };
        assert_eq!(fetched(all()).await.len(), 10);
        assert_eq!(fetched(all().slice(..3)).await, [1, 2, 3]);
        assert_eq!(fetched(all().slice(8..)).await, [9, 10]);
        assert_eq!(fetched(all().slice(2..6)).await, [3, 4, 5, 6]);
        assert_eq!(fetched(all().slice(2..=6)).await, [3, 4, 5, 6, 7]);
        assert_eq!(fetched(all().slice(2..6).slice(1..3)).await, [4, 5]);
        assert_eq!(fetched(all().slice(2..6).slice(3..100)).await, [6]);
        assert!(fetched(all().slice((Bound::Included(5), Bound::Excluded(2)))).await.is_empty());
        assert!(fetched(all().slice(..0)).await.is_empty());
        assert!(fetched(all().slice(10..)).await.is_empty());
        assert_eq!(fetched(all().slice(..u64::MAX)).await.len(), 10);
        assert!(fetched(all().none()).await.is_empty());
        assert!(fetched(all().filter(q!(stock__in = Vec::<i16>::new()))).await.is_empty());
        let by_two = all().filter(q!(id__lte = 4)).order_by(|i| (i.stock.modulo(2), i.stock.desc()));
        assert_eq!(fetched(by_two).await, [4, 2, 3, 1]);
        let by_names = Item::objects(&db).order_by_names(["-stock"]).slice(..2);
        assert_eq!(fetched(by_names).await, [10, 9]);
    });
}

#[test_on(all)]
fn some_values_of_rows(kind: Kind) {
    on_database(kind, async |db| {
        items(&db, 3).await;
        assert_eq!(Item::objects(&db).filter(q!(id = 3)).update(set!(part_of = 1)).await.unwrap(), 1);
        let all = || Item::objects(&db).order_by(|i| i.id);
        assert_eq!(all().values(|i| i.name).await.unwrap(), ["item 1", "item 2", "item 3"]);
        let pairs = all().values(|i| (i.id, i.stock + 1, i.part_of)).await.unwrap();
        assert_eq!(pairs, [(1, Some(2), None), (2, Some(3), None), (3, Some(4), Some(1))]);
        let of_whole =
            all().filter(q!(part_of__isnull = false)).values(|i| (i.part_of().name, i.name.upper()));
        assert_eq!(of_whole.await.unwrap(), [("item 1".to_owned(), Some("ITEM 3".to_owned()))]);
        let error = all().values(|i| i.part_of().name).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "a name that is not there is no String: {error}");
        let by_names = all().filter(q!(id__gte = 2)).values_by(["part_of", "part_of__name"]).await.unwrap();
        assert_eq!(by_names, [[Value::Null, Value::Null], [Value::Int(1), Value::from("item 1")]]);
        let different =
            Item::objects(&db).distinct().order_by(|i| i.price).values(|i| i.price).await.unwrap();
        assert_eq!(different, [Decimal::new(15, 1)]);
        let error = all().values_by(["nmae"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownField);
        assert!(error.to_string().contains("Did you mean 'name'?"), "{error}");
    });
}

#[test_on(all)]
fn a_stream_gives_all_rows_and_can_be_left_early(kind: Kind) {
    on_database(kind, async |db| {
        let all = items(&db, 5_000).await;
        let rows: Vec<_> = Item::objects(&db).order_by(|i| i.id).stream().collect().await;
        let rows: Vec<Item> = rows.into_iter().collect::<Result<_>>().unwrap();
        assert_eq!(rows, all);

        for taken in [0, 1, 300] {
            let mut stream = Item::objects(&db).order_by(|i| i.id).stream();
            for item in &all[..taken] {
                assert_eq!(stream.next().await.unwrap().unwrap(), *item);
            }
            drop(stream);
            assert_eq!(Item::objects(&db).filter(q!(id = 1)).update(set!(stock = 1)).await.unwrap(), 1);
        }
        assert!(Item::objects(&db).none().stream().next().await.is_none());
        let mut wrong = Item::objects(&db).filter_by(Q::named("nmae", "x")).stream();
        assert_eq!(wrong.next().await.unwrap().unwrap_err().kind(), ErrorKind::UnknownField);
        assert!(wrong.next().await.is_none());
    });
}

#[test_on(all)]
fn a_stream_in_a_transaction_keeps_other_statements_out(kind: Kind) {
    on_database(kind, async |db| {
        items(&db, 2_000).await;
        db.transaction(async |tx| {
            Item::objects(&tx).update(set!(stock = 1)).await?;
            let mut stream = Item::objects(&tx).order_by(|i| i.id).stream();
            assert_eq!(stream.next().await.unwrap()?.stock, 1);
            let error = Item::objects(&tx).count().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request, "{error}");
            drop(stream);
            assert_eq!(Item::objects(&tx).update(set!(stock = 2)).await?, 2_000);
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(Item::objects(&db).filter(q!(stock = 2)).count().await.unwrap(), 2_000);
    });
}

#[test_on(all)]
fn many_rows_are_created_with_keys_in_order(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Item::model().unwrap()]).await.unwrap();
        let new = |numbers: std::ops::Range<i16>| numbers.map(|stock| Item::new("x", stock));
        let many = Item::objects(&db).bulk_create(new(0..12_345)).await.unwrap();
        assert_eq!(ids(&many), (1..=12_345).collect::<Vec<_>>());
        assert!(many.iter().zip(0..).all(|(item, stock)| item.stock == stock));
        assert_eq!(Item::objects(&db).order_by(|i| i.id).fetch().await.unwrap(), many);

        for batch_size in [1, 7, 1_000] {
            let last = Item::objects(&db).count().await.unwrap() as i64;
            let few = Item::objects(&db).bulk_create(new(0..50)).batch_size(batch_size).await.unwrap();
            assert_eq!(ids(&few), (last + 1..=last + 50).collect::<Vec<_>>(), "by {batch_size}");
        }
        let error = Item::objects(&db).bulk_create(new(0..5)).batch_size(0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert_eq!(Item::objects(&db).bulk_create([]).await.unwrap(), []);
        assert_eq!(Item::objects(&db).count().await.unwrap(), 12_495);
    });
}

#[test_on(all)]
fn rows_with_and_without_keys_are_created_together(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Item::model().unwrap()]).await.unwrap();
        let mixed = [
            Item::new("a", 1),
            Item::new("b", 2).with_id(500),
            Item::new("c", 3),
            Item::new("d", 4).with_id(-7),
            Item::new("e", 5).with_id(0),
            Item::new("f", 6),
        ];
        let made = Item::objects(&db).bulk_create(mixed).await.unwrap();
        let names: Vec<_> = made.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "d", "e", "f"]);
        let keys = ids(&made);
        assert_eq!((keys[1], keys[3], keys[4]), (500, -7, 0));
        assert!(keys[0] < keys[2] && keys[2] < keys[5]);
        for item in made {
            assert_eq!(Item::objects(&db).filter(|i| i.id.eq(item.id)).get().await.unwrap(), item);
        }
    });
}

#[test_on(all)]
fn a_batch_with_one_bad_row_creates_none(kind: Kind) {
    on_database(kind, async |db| {
        items(&db, 2).await;
        let new =
            (3..=2_000).map(|id| Item::new("new", 1).with_id(id)).chain([Item::new("old", 1).with_id(2)]);
        let error = Item::objects(&db).bulk_create(new).batch_size(100).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert_eq!(Item::objects(&db).count().await.unwrap(), 2);
    });
}

#[test_on(all)]
fn rows_are_deleted(kind: Kind) {
    on_database(kind, async |db| {
        let all = items(&db, 10).await;
        let rows = || Item::objects(&db);
        assert_eq!(rows().filter(q!(stock__gt = 8)).delete().await.unwrap(), 2);
        assert_eq!(rows().filter(q!(stock__gt = 8)).delete().await.unwrap(), 0);
        assert!(rows().delete_object(&all[0]).await.unwrap());
        assert!(!rows().delete_object(&all[0]).await.unwrap());
        let error = rows().delete_object(&Item::new("x", 1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsaved);
        let error = rows().slice(..2).delete().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert_eq!(rows().filter(q!(id__in = [4, 5])).update(set!(part_of = 3)).await.unwrap(), 2);
        assert_eq!(rows().filter(q!(part_of__name = "item 3")).delete().await.unwrap(), 2);
        let doubled = rows().filter(|i| i.stock.in_(rows().filter(|i| i.stock.gte(7)).select(|i| i.stock)));
        assert_eq!(doubled.delete().await.unwrap(), 2);
        let left = rows().order_by(|i| i.id).fetch().await.unwrap();
        assert_eq!(ids(&left), [2, 3, 6]);
        assert_eq!(rows().none().delete().await.unwrap(), 0);
        assert_eq!(rows().delete().await.unwrap(), 3);
    });
}

#[test_on(all)]
fn save_inserts_or_updates(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Item::model().unwrap()]).await.unwrap();
        let rows = || Item::objects(&db);
        let mut item = Item::new("first", 1);
        assert!(rows().save(&mut item).await.unwrap().created);
        assert_eq!(item.id, Some(1));
        item.stock = 2;
        assert!(!rows().save(&mut item).await.unwrap().created);
        assert!(!rows().save(&mut item).await.unwrap().created, "nor when nothing changes");
        assert_eq!(rows().get().await.unwrap(), item);

        let mut other = Item::new("other", 1).with_id(77);
        assert!(rows().save(&mut other).await.unwrap().created);
        assert_eq!(other.id, Some(77));
        // A filter has no say.
        other.stock = 9;
        assert!(!rows().filter(q!(name = "first")).save(&mut other).await.unwrap().created);
        assert_eq!(rows().filter(q!(id = 77)).get().await.unwrap(), other);
        assert_eq!(rows().count().await.unwrap(), 2);

        let mut changed = Item { name: "new".into(), stock: 50, ..other.clone() };
        assert!(!rows().save(&mut changed).update_fields(|i| i.stock).await.unwrap().created);
        let read = rows().filter(q!(id = 77)).get().await.unwrap();
        assert_eq!((read.name.as_str(), read.stock), ("other", 50));
        let mut gone = Item::new("gone", 1).with_id(78);
        let error = rows().save(&mut gone).update_fields(|i| i.stock).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let error = rows().save(&mut Item::new("x", 1)).update_fields(|i| i.stock).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsaved, "{error}");
        let error = rows().save(&mut changed).update_fields(|i| i.id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Field, "{error}");
        assert!(!rows().save(&mut gone).update_fields(|_| Vec::<&str>::new()).await.unwrap().created);
        let error = rows().save(&mut changed).update_fields(|_| "nmae").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownField, "{error}");
        assert_eq!(rows().count().await.unwrap(), 2);
    });
}

#[test_on(all)]
fn a_value_that_does_not_fit_is_refused_before_anything_is_sent(kind: Kind) {
    on_database(kind, async |db| {
        // On an ended handle, anything sent is another error.
        let tx = ended(&db).await;
        let good = || Item::new("good", 1);
        let bad = [
            (Item { name: "much too long".into(), ..good() }, "name", "much too long"),
            (Item { price: Decimal::new(1_0001, 4), ..good() }, "price", "1.0001"),
            (Item { price: Decimal::new(10_000, 0), ..good() }, "price", "10000"),
        ];
        for (item, field, value) in bad {
            let errors = [
                Item::objects(&tx).create(item.clone()).await.unwrap_err(),
                Item::objects(&tx).bulk_create([good(), item.clone()]).await.unwrap_err(),
                Item::objects(&tx).save(&mut item.clone()).await.unwrap_err(),
                Item::objects(&tx)
                    .update(|i| (i.name.set(&item.name), i.price.set(item.price)))
                    .await
                    .unwrap_err(),
                Item::objects(&tx)
                    .bulk_update([&good().with_id(1), &item.clone().with_id(2)], |i| (i.name, i.price))
                    .await
                    .unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::Value, "{error}");
                let text = error.to_string();
                assert!(text.contains(&format!("Item.{field}")) && text.contains(value), "{text}");
            }
        }
        let errors = [
            Item::objects(&tx)
                .create_by([("name", "x"), ("price", "1.5"), ("stock", "many")])
                .await
                .unwrap_err(),
            Item::objects(&tx).create_by([("price", 1), ("name", 1), ("stock", 40_000)]).await.unwrap_err(),
            Item::objects(&tx).update_by([("stock", 40_000)]).await.unwrap_err(),
            Item::objects(&tx).update_by([("stock", Value::Null)]).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Value, "{error}");
            assert!(error.to_string().contains("Item.stock"), "{error}");
        }
        let error = Item::objects(&tx).create_with(|i| i.name.set("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "a field without a default: {error}");
        let error = Item::objects(&tx).create(good()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TransactionEnded);
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "note")]
struct Note {
    #[model(primary_key)]
    id: i64,
    text: String,
    blob: Vec<u8>,
    number: f64,
    data: Option<serde_json::Value>,
}

impl Note {
    fn of(id: i64, text: impl Into<String>) -> Self {
        Note { id, text: text.into(), blob: Vec::new(), number: 0.0, data: None }
    }
}

#[test_on(all)]
fn any_text_comes_back(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Note::model().unwrap()]).await.unwrap();
        // The first and the last characters of every plane, and of what is left out between.
        let planes = (0..=16_u32).flat_map(|plane| {
            [1, 0x20, 0x7f, 0x80, 0xff, 0xd7ff, 0xe000, 0xfffd, 0xfffe, 0xffff].map(|low| plane << 16 | low)
        });
        let planes: String = planes.filter_map(char::from_u32).collect();
        let controls: String = (1..32_u8).map(char::from).collect();
        let texts = [
            planes.clone(),
            controls,
            String::new(),
            " \t\n leading and trailing \r\n ".into(),
            "\\N \\0 \\\\ '' \"\" `` -- /* */ ; %s $1 ? :a {} %(a)s".into(),
            "e\u{301} é ﬁ ß İ ı".into(),
            "long ☃ ".repeat(500_000),
        ];
        let notes: Vec<_> = texts.iter().zip(1..).map(|(text, id)| Note::of(id, text)).collect();
        assert_eq!(Note::objects(&db).bulk_create(notes.clone()).await.unwrap(), notes);
        assert!(Note::objects(&db).order_by(|n| n.id).fetch().await.unwrap() == notes);
        let mut turned = notes.clone();
        turned.reverse();
        turned.iter_mut().zip(1..).for_each(|(note, id)| note.id = id);
        assert_eq!(Note::objects(&db).bulk_update(&turned, |n| n.text).await.unwrap().matched, 7);
        assert!(Note::objects(&db).order_by(|n| n.id).fetch().await.unwrap() == turned);
        for text in &texts {
            assert_eq!(Note::objects(&db).filter(q!(id = 1)).update(|n| n.text.set(text)).await.unwrap(), 1);
            assert!(Note::objects(&db).filter(q!(id = 1)).get().await.unwrap().text == *text);
        }
        let blob: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
        Note::objects(&db).filter(q!(id = 1)).update(|n| n.blob.set(&blob[..])).await.unwrap();
        assert!(Note::objects(&db).filter(q!(id = 1)).get().await.unwrap().blob == blob);
    });
}

#[test_on(all)]
fn what_a_database_cannot_hold_is_refused(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Note::model().unwrap()]).await.unwrap();
        let with_nul = Note::of(1, "a\0b");
        let nan = Note { number: f64::NAN, ..Note::of(2, "") };
        let infinite = Note { number: f64::INFINITY, ..Note::of(3, "") };
        let json_nul = Note { data: Some(json!({"a\0": "\0"})), ..Note::of(4, "") };
        let refused = [
            (with_nul, kind == Kind::Postgres),
            (nan, kind != Kind::Postgres),
            (infinite, kind.in_mysql_family()),
            (json_nul, kind == Kind::Postgres),
        ];
        for (note, refused) in refused {
            if refused {
                let tx = ended(&db).await;
                let error = Note::objects(&tx).create(note.clone()).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Value, "{note:?}: {error}");
                let fields = |n: Columns<Note>| (n.text, n.number, n.data);
                let error = Note::objects(&tx).bulk_update([&note], fields).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Value, "{note:?}: {error}");
            } else {
                Note::objects(&db).create(note.clone()).await.unwrap();
                let read = Note::objects(&db).filter(|n| n.id.eq(note.id)).get().await.unwrap();
                assert_eq!(format!("{read:?}"), format!("{note:?}"));
            }
        }
    });
}

#[test_on(all)]
fn what_is_created_is_given_back_as_it_is_kept(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Item::model().unwrap(), Moment::model().unwrap()]).await.unwrap();
        let texts = [("name", "text"), ("price", "1.5"), ("stock", "12")];
        let item = Item::objects(&db).create_by(texts).await.unwrap();
        assert_eq!((item.price, item.stock), (Decimal::new(15, 1), 12));
        assert_eq!(Item::objects(&db).get().await.unwrap(), item);

        let at = DateTime::from_timestamp_nanos(1_700_000_000_123_456_789);
        let moment = |id| Moment { id, at, time: at.time(), lag: TimeDelta::nanoseconds(-1_999) };
        let made = Moment::objects(&db).create(moment(1)).await.unwrap();
        assert_eq!(made.at, DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap());
        assert_eq!(Moment::objects(&db).get().await.unwrap(), made);
        let many = Moment::objects(&db).bulk_create([moment(2), moment(3)]).await.unwrap();
        assert_eq!(
            Moment::objects(&db).filter(q!(id__gt = 1)).order_by(|m| m.id).fetch().await.unwrap(),
            many
        );
        let found = Moment::objects(&db).filter(|m| m.at.eq(at) & m.time.eq(at.time()));
        assert_eq!(found.count().await.unwrap(), 3, "a moment is found by what it was made of");
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "moment")]
struct Moment {
    #[model(primary_key)]
    id: i64,
    at: DateTime<Utc>,
    time: NaiveTime,
    lag: TimeDelta,
}

#[test_on(all)]
fn json_null_is_not_sql_null(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Note::model().unwrap()]).await.unwrap();
        let data = [
            None,
            Some(serde_json::Value::Null),
            Some(json!({"a": null})),
            Some(json!({})),
            Some(json!("null")),
        ];
        let notes = data.into_iter().zip(1..).map(|(data, id)| Note { data, ..Note::of(id, "") });
        let notes: Vec<_> = notes.collect();
        Note::objects(&db).bulk_create(notes.clone()).await.unwrap();
        assert_eq!(Note::objects(&db).order_by(|n| n.id).fetch().await.unwrap(), notes);
        let of = async |condition: Q| {
            Note::objects(&db).filter_by(condition).order_by(|n| n.id).values(|n| n.id).await.unwrap()
        };
        let n = <Note as Entity>::columns(enmasse::Path::root());
        assert_eq!(of(n.data.is_null(true)).await, [1]);
        assert_eq!(of(n.data.eq(None)).await, [1]);
        assert_eq!(of(n.data.eq(serde_json::Value::Null)).await, [2]);
        assert_eq!(of(n.data.key("a").eq(serde_json::Value::Null)).await, [3]);
        assert_eq!(of(n.data.key("a").is_null(false)).await, [3]);
        assert_eq!(of(n.data.eq("null")).await, [5]);
        assert_eq!(of(n.data.is_null(false)).await, [2, 3, 4, 5]);

        Note::objects(&db).filter(q!(id__in = [3, 4])).update(|n| n.data.set(None)).await.unwrap();
        Note::objects(&db).filter(q!(id = 5)).update(|n| n.data.set(serde_json::Value::Null)).await.unwrap();
        assert_eq!(of(n.data.is_null(true)).await, [1, 3, 4]);
        assert_eq!(of(n.data.eq(serde_json::Value::Null)).await, [2, 5]);
    });
}

#[test_on(all)]
fn a_query_set_can_be_used_in_another_transaction(kind: Kind) {
    on_database(kind, async |db| {
        items(&db, 3).await;
        let all = Item::objects(&db);
        let undone: Result<()> = db
            .transaction(async |tx| {
                assert_eq!(all.clone().using(&tx).update(set!(stock = 0)).await?, 3);
                assert_eq!(all.clone().using(&tx).filter(q!(stock = 0)).count().await?, 3);
                Err(Error::new(ErrorKind::Request, "enough"))
            })
            .await;
        assert_eq!(undone.unwrap_err().to_string(), "enough");
        assert_eq!(all.filter(q!(stock = 0)).count().await.unwrap(), 0);
        let error = Item::query().count().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    });
}
