//! Models of other kinds: known at run time, with other keys, referred to by other fields.

use enmasse::prelude::*;
use enmasse::schema::{self, Field, Schema};
use enmasse::signals::{Batch, Origin};
use enmasse_testing::{Kind, on_database, test_on};
use futures_util::stream::TryStreamExt;

use crate::{Log, taken};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "seat")]
struct Seat {
    #[model(primary_key)]
    row: i64,
    #[model(primary_key, max_length = 2)]
    letter: String,
    taken: bool,
}

fn seat(row: i64, letter: &str) -> Seat {
    Seat { row, letter: letter.into(), taken: false }
}

#[test_on(all)]
fn keys_of_several_fields(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Seat::model().unwrap()]).await.unwrap();
        let seats = (1..=3).flat_map(|row| ["a", "b"].map(|letter| seat(row, letter)));
        Seat::objects(&db).bulk_create(seats).await.unwrap();
        let log: Log<(u64, Vec<Vec<Value>>, i64)> = Log::default();
        let heard = log.clone();
        let receiver = move |batch: Batch<Seat>, tx: Transaction| {
            let heard = heard.clone();
            async move {
                let mut keys: Vec<_> = batch.keys().try_collect().await?;
                keys.sort_by_key(|key: &Vec<Value>| format!("{key:?}"));
                let rows: Vec<Seat> = batch.rows().stream().try_collect().await?;
                assert!(rows.len() as u64 <= batch.size());
                // a key of several fields is not what a field is compared with
                let one = Seat::objects(&tx).filter_by(Q::named("row__in", &batch)).count().await;
                assert!(one.unwrap_err().to_string().contains("composite primary key"));
                let rows = rows.iter().map(|seat| seat.row).sum();
                heard.lock().unwrap().push((batch.size(), keys, rows));
                Ok(())
            }
        };
        let signals = db.signals();
        signals.pre_save::<Seat>().connect(receiver.clone());
        signals.post_save::<Seat>().connect(receiver.clone());
        signals.post_delete::<Seat>().connect(receiver);
        let key = |row: i64, letter: &str| vec![Value::Int(row), Value::from(letter)];
        let all = || Seat::objects(&db);

        let update = all().filter(|s| s.letter.eq("a")).update(|s| s.taken.set(true));
        assert_eq!(update.await.unwrap(), 3);
        let three = (3, vec![key(1, "a"), key(2, "a"), key(3, "a")], 6);
        assert_eq!(taken(&log), [three.clone(), three]);
        assert_eq!(all().filter(|s| s.taken).count().await.unwrap(), 3);

        let report =
            all().bulk_update(&[seat(1, "b"), seat(3, "a"), seat(9, "z")], |s| s.taken).await.unwrap();
        assert_eq!(report.missing, [key(9, "z")]);
        let two = (2, vec![key(1, "b"), key(3, "a")], 4);
        assert_eq!(taken(&log), [two.clone(), two]);

        all().save(&mut seat(2, "c")).await.unwrap();
        let sent = taken(&log);
        assert_eq!((sent[0].2, &sent[1]), (0, &(1, vec![key(2, "c")], 2)));
        assert_eq!(all().filter(|s| s.row.eq(2)).delete().await.unwrap(), 3);
        assert_eq!(taken(&log), [(3, vec![key(2, "a"), key(2, "b"), key(2, "c")], 0)]);

        // many
        let many = (100..1_300).map(|row| seat(row, "x"));
        all().bulk_create(many.clone()).await.unwrap();
        assert_eq!(taken(&log)[1].1.len(), 1_200);
        all().bulk_update(many.collect::<Vec<_>>(), |s| s.taken).await.unwrap();
        let sent = taken(&log);
        assert_eq!((sent[0].0, sent[1].0, sent[1].1.len()), (1_200, 1_200, 1_200));
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "city")]
struct City {
    #[model(primary_key, max_length = 20)]
    name: String,
    #[model(unique, max_length = 20)]
    code: String,
    size: i32,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "street")]
struct Street {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = City, to_field = "code", max_length = 20)]
    city: String,
    trees: i32,
}

/// A foreign key that refers to another unique field is compared with that field of the rows.
#[test_on(all)]
fn another_field_than_the_key_is_referred_to(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([City::model().unwrap(), Street::model().unwrap()]).await.unwrap();
        let cities = (1..=1_200).map(|n| City { name: format!("city {n}"), code: format!("c{n}"), size: n });
        City::objects(&db).bulk_create(cities).await.unwrap();
        let streets = (1..=1_200).map(|id| Street { id, city: format!("c{id}"), trees: 0 });
        Street::objects(&db).bulk_create(streets).await.unwrap();
        db.signals().post_save::<City>().connect(async |batch, tx| {
            let streets =
                Street::objects(&tx).filter(|s| s.city.in_(&batch)).update(|s| s.trees.increment(1));
            assert_eq!(streets.await?, batch.size());
            Ok(())
        });
        City::objects(&db).filter(|c| c.size.lte(3)).update(|c| c.size.set(0)).await.unwrap();
        let mut city = City { name: "city 2".into(), code: "c2".into(), size: 5 };
        City::objects(&db).save(&mut city).await.unwrap();
        let trees = Street::objects(&db).filter(|s| s.trees.gt(0)).order_by(|s| s.id);
        assert_eq!(trees.values(|s| (s.id, s.trees)).await.unwrap(), [(1, 1), (2, 2), (3, 1)]);
        let more =
            (2_001..=3_200).map(|n| City { name: format!("city {n}"), code: format!("c{n}"), size: n });
        let before = City::objects(&db).bulk_create(more).without_signals().await.unwrap();
        let streets = (2_001..=3_200).map(|id| Street { id, city: format!("c{id}"), trees: 0 });
        Street::objects(&db).bulk_create(streets).await.unwrap();
        City::objects(&db).bulk_update(before, |c| c.size).await.unwrap();
        assert_eq!(
            Street::objects(&db).filter(|s| s.id.gt(2_000) & s.trees.eq(1)).count().await.unwrap(),
            1_200
        );
    });
}

#[test_on(all)]
fn models_that_are_known_at_run_time(kind: Kind) {
    on_database(kind, async |db| {
        let schema = Schema::new(vec![
            schema::Model::new("Author", "author")
                .add(Field::new("id", DataType::BigInt).primary_key())
                .add(Field::new("books", DataType::Integer)),
            schema::Model::new("Book", "book")
                .add(Field::new("id", DataType::BigInt).primary_key())
                .add(Field::new("author", DataType::BigInt).foreign_key("Author"))
                .add(Field::new("edition", DataType::Integer)),
        ])
        .unwrap();
        let (author, book) = (schema.model("Author").unwrap(), schema.model("Book").unwrap());
        db.create_tables([author.clone(), book.clone()]).await.unwrap();
        let record = |model, values: &[(&str, i64)]| {
            let mut record = Record::new(model);
            values.iter().for_each(|(name, value)| record.set(name, *value).unwrap());
            record
        };
        let books = book.clone();
        db.signals().of(&author).post_save().connect(move |batch, tx| {
            let books = books.clone();
            async move {
                let of = QuerySet::<Record>::of(&books, &tx);
                let by_column = of.clone().filter(|b| b.col("author").in_(&batch)).count().await?;
                let of = of.filter_by(Q::named("author__in", &batch));
                assert_eq!(of.update_by([("edition", F("edition") + 1)]).await?, by_column);
                Ok(())
            }
        });
        db.signals().of(&author).pre_save().connect(async |batch, _| {
            if batch.origin() == Origin::BulkCreate {
                batch.edit(|author| author.set("books", 7).unwrap())?;
            }
            Ok(())
        });
        let authors = (1..=3).map(|id| record(&author, &[("id", id), ("books", 0)]));
        let made = QuerySet::<Record>::of(&author, &db).bulk_create(authors).await.unwrap();
        assert_eq!(made[2].get("books").unwrap(), &Value::Int(7));
        let books = (1..=6).map(|id| record(&book, &[("id", id), ("author", 1 + id % 3), ("edition", 1)]));
        QuerySet::<Record>::of(&book, &db).bulk_create(books).await.unwrap();
        let some = QuerySet::<Record>::of(&author, &db).filter_by(Q::named("id__lt", 3));
        assert_eq!(some.update_by([("books", 8)]).await.unwrap(), 2);
        let second = QuerySet::<Record>::of(&book, &db).filter_by(Q::named("edition", 2));
        assert_eq!(second.count().await.unwrap(), 4);
    });
}
