//! Models that extend others, and a proxy: a write sends for the model that it names, and for no other.

use enmasse::prelude::*;
use enmasse::schema::{self, Field, ModelRef, Schema};
use enmasse::signals::{Batch, SignalKind};
use enmasse_testing::{Kind, on_database, test_on};

use crate::{Log, keys, taken};

/// Person <- Customer, a proxy of customers, and their visits.
fn models() -> [ModelRef; 4] {
    let text = DataType::Text { max_length: Some(20) };
    let person = schema::Model::new("Person", "person")
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("name", text.clone()));
    let customer = schema::Model::new("Customer", "customer")
        .extends("Person")
        .add(Field::new("level", DataType::Integer));
    let regular = schema::Model::new("Regular", "regular").proxy_of("Customer");
    let visit = schema::Model::new("Visit", "visit")
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("customer", DataType::BigInt).foreign_key("Customer"))
        .add(Field::new("points", DataType::Integer));
    let schema = Schema::new(vec![person, customer, regular, visit]).unwrap();
    ["Person", "Customer", "Regular", "Visit"].map(|label| schema.model(label).unwrap())
}

fn rows(model: &ModelRef, db: &impl enmasse::Handle) -> QuerySet<Record> {
    QuerySet::of(model, db)
}

fn customer(model: &ModelRef, id: i64, name: &str, level: i64) -> Record {
    let mut record = Record::new(model);
    record.set("id", id).unwrap();
    record.set("pk", id).unwrap();
    record.set("name", name).unwrap();
    record.set("level", level).unwrap();
    record
}

/// The name of the model that a signal was sent for, the signal, and how many rows were sent.
type Heard = (String, SignalKind, u64);

fn hear(db: &Database) -> Log<Heard> {
    let log: Log<Heard> = Log::default();
    let receiver = || {
        let log = log.clone();
        move |batch: Batch<Record>, _: Transaction| {
            let log = log.clone();
            async move {
                let is_known = batch.model().name != "Visit";
                assert!(!is_known || batch.fetch_keys().await?.len() as u64 == batch.size());
                let name = batch.model().name.clone();
                log.lock().unwrap().push((name, batch.signal(), batch.size()));
                Ok(())
            }
        }
    };
    let signals = db.signals().of_every_model();
    signals.pre_save().connect_as("before", receiver());
    signals.post_save().connect(receiver());
    signals.pre_delete().connect(receiver());
    signals.post_delete().connect(receiver());
    log
}

/// The signals of a write of `size` rows of this model.
fn sent(name: &str, signals: [SignalKind; 2], size: u64) -> Vec<Heard> {
    signals.map(|signal| (name.to_owned(), signal, size)).to_vec()
}

#[test_on(all)]
fn a_write_sends_for_its_own_model(kind: Kind) {
    use SignalKind::*;
    on_database(kind, async |db| {
        let models = models();
        let [person, customers, regular, visit] = &models;
        db.create_tables(models.iter().filter(|model| model.name != "Regular").cloned()).await.unwrap();
        let visits = visit.clone();
        let of_customers = db.signals().of(customers);
        of_customers.post_save().connect_as("points", move |batch, tx| {
            let visits = visits.clone();
            async move {
                let of = rows(&visits, &tx).filter(|v| v.col("customer").in_(&batch));
                of.update_by([("points", F("points") + 1)]).without_signals().await.map(|_| ())
            }
        });
        let log = hear(&db);
        let saves = [PreSave, PostSave];

        let all = (1..=2_500).map(|id| customer(customers, id, "Ada", id % 5));
        rows(customers, &db).bulk_create(all.clone()).await.unwrap();
        assert_eq!(taken(&log), sent("Customer", saves, 2_500));
        let mut visit_of = Record::new(visit);
        visit_of.set("customer", 7).unwrap();
        visit_of.set("points", 0).unwrap();
        rows(visit, &db).create(visit_of).await.unwrap();
        taken(&log);
        let points = async || {
            let points = rows(visit, &db).values_by(["points"]).await.unwrap();
            points.concat()
        };

        // fields of both tables, and of one
        for set in [vec![("name", Value::from("Bob")), ("level", 9.into())], vec![("name", "Eve".into())]] {
            let some = rows(customers, &db).filter_by(Q::named("id__lte", 10));
            assert_eq!(some.update_by(set).await.unwrap(), 10);
            assert_eq!(taken(&log), sent("Customer", saves, 10));
        }
        assert_eq!(points().await, [Value::Int(2)]);
        // which the update makes untrue
        let bobs = rows(customers, &db).filter_by(Q::named("name", "Eve") & Q::named("level", 9));
        let set = [("name", Value::from("Kim")), ("level", 8.into())];
        assert_eq!(bobs.update_by(set).await.unwrap(), 10);
        taken(&log);

        let written = ["name", "level"];
        for before in [true, false] {
            let signals = if before { &saves[..] } else { &saves[1..] };
            let heard = |size| {
                let one = |signal: &SignalKind| ("Customer".to_owned(), *signal, size);
                signals.iter().map(one).collect::<Vec<_>>()
            };
            let few: Vec<_> = (6..=9).map(|id| customer(customers, id, "Few", 3)).collect();
            let report = rows(customers, &db).bulk_update(&few, |_| written).await.unwrap();
            assert_eq!((report.matched, taken(&log)), (4, heard(4)));
            let mut many: Vec<_> = all.clone().collect();
            many.push(customer(customers, 3_000, "Nobody", 1));
            let report = rows(customers, &db).bulk_update(&many, |_| written).await.unwrap();
            assert_eq!((report.matched, report.missing, taken(&log)), (2_500, keys([3_000]), heard(2_500)));
            let report = rows(customers, &db).bulk_update(many, |_| ["name"]).await.unwrap();
            assert_eq!((report.matched, taken(&log)), (2_500, heard(2_500)));
            let report = rows(customers, &db).bulk_update(all.clone(), |_| ["level"]).await.unwrap();
            assert_eq!((report.matched, taken(&log)), (2_500, heard(2_500)));
            db.signals().of_every_model().pre_save().disconnect("before");
        }
        assert_eq!(points().await, [Value::Int(11)]);
        rows(customers, &db).filter_by(Q::named("level", 1)).update_by([("level", 2)]).await.unwrap();
        assert_eq!(taken(&log), [("Customer".to_owned(), PostSave, 500)]);

        // a proxy is itself, though the table is the customers'
        let mut one = customer(regular, 7, "Regular", 1);
        rows(regular, &db).save(&mut one).await.unwrap();
        assert_eq!(taken(&log), [("Regular".to_owned(), PostSave, 1)]);
        let three = rows(regular, &db).filter_by(Q::named("id__lt", 4)).update_by([("name", "Lee")]);
        assert_eq!((three.await.unwrap(), taken(&log)), (3, vec![("Regular".to_owned(), PostSave, 3)]));
        assert_eq!(points().await, [Value::Int(11)]);
        // A parent's rows do not replace the child's either.
        let named = rows(person, &db).filter_by(Q::named("id", 7)).update_by([("name", "Max")]);
        assert_eq!((named.await.unwrap(), taken(&log)), (1, vec![("Person".to_owned(), PostSave, 1)]));

        rows(customers, &db).save(&mut customer(customers, 7, "Ann", 2)).await.unwrap();
        assert_eq!(taken(&log), [("Customer".to_owned(), PostSave, 1)]);
        assert_eq!(points().await, [Value::Int(12)]);
        rows(visit, &db).delete().without_signals().await.unwrap();
        let gone = rows(customers, &db).filter_by(Q::named("id__gt", 5)).delete();
        assert_eq!(gone.await.unwrap(), 2_495);
        assert_eq!(taken(&log), sent("Customer", [PreDelete, PostDelete], 2_495));
        assert_eq!(rows(person, &db).count().await.unwrap(), 5);
    });
}
