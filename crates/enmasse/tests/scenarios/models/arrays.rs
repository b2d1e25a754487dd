//! Arrays.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

use super::Everything;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "arrays")]
struct Arrays {
    #[model(primary_key)]
    id: i64,
    bools: Vec<bool>,
    smallints: Vec<i16>,
    ints: Vec<i32>,
    bigints: Vec<i64>,
    reals: Vec<f32>,
    doubles: Vec<f64>,
    texts: Vec<String>,
    timestamps: Vec<DateTime<Utc>>,
    datetimes: Vec<NaiveDateTime>,
    dates: Vec<NaiveDate>,
    times: Vec<NaiveTime>,
    intervals: Vec<TimeDelta>,
    decimals: Vec<Decimal>,
    uuids: Vec<Uuid>,
    perhaps: Option<Vec<i32>>,
}

impl Arrays {
    fn empty(id: i64) -> Self {
        Arrays {
            id,
            bools: vec![],
            smallints: vec![],
            ints: vec![],
            bigints: vec![],
            reals: vec![],
            doubles: vec![],
            texts: vec![],
            timestamps: vec![],
            datetimes: vec![],
            dates: vec![],
            times: vec![],
            intervals: vec![],
            decimals: vec![],
            uuids: vec![],
            perhaps: None,
        }
    }

    /// Arrays of the values of the three rows of every type.
    fn full(id: i64) -> Self {
        let rows = [Everything::least(0), Everything::plain(0), Everything::greatest(0)];
        fn of<T>(rows: &[Everything; 3], value: impl Fn(&Everything) -> T) -> Vec<T> {
            rows.iter().map(value).collect()
        }
        Arrays {
            id,
            bools: of(&rows, |e| e.bool),
            smallints: of(&rows, |e| e.smallint),
            ints: of(&rows, |e| e.int),
            bigints: of(&rows, |e| e.bigint),
            reals: of(&rows, |e| e.real),
            doubles: of(&rows, |e| e.double),
            texts: of(&rows, |e| e.varchar.clone()),
            timestamps: of(&rows, |e| e.timestamp),
            datetimes: of(&rows, |e| e.datetime),
            dates: of(&rows, |e| e.date),
            times: of(&rows, |e| e.time),
            intervals: of(&rows, |e| e.interval),
            decimals: of(&rows, |e| e.decimal),
            uuids: of(&rows, |e| e.uuid),
            perhaps: Some(vec![1, 2]),
        }
    }
}

#[test_on(postgres)]
fn arrays_are_written_and_read(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Arrays::model().unwrap()]).await.unwrap();
        let rows = [Arrays::empty(1), Arrays::full(2)];
        assert_eq!(Arrays::objects(&db).bulk_create(rows.clone()).await.unwrap(), rows);
        let turned = [Arrays::full(1), Arrays::empty(2)];
        let fields = |_| {
            let names = Arrays::model().unwrap();
            names.fields[1..].iter().map(|field| field.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(Arrays::objects(&db).bulk_update(&turned, fields).await.unwrap().matched, 2);
        assert_eq!(Arrays::objects(&db).order_by(|a| a.id).fetch().await.unwrap(), turned);

        let of = |condition: Q| Arrays::objects(&db).filter_by(condition).values(|a| a.id);
        assert_eq!(of(Q::named("ints__contains", vec![i32::MAX])).await.unwrap(), [1]);
        assert_eq!(of(Q::named("texts__contains", vec!["varchar"])).await.unwrap(), [1]);
        assert_eq!(of(Q::named("perhaps__contained_by", vec![1, 2, 3])).await.unwrap(), [1]);
        let set =
            Arrays::objects(&db).update(|a| (a.ints.set(vec![1, 2]), a.texts.set(Vec::<String>::new())));
        assert_eq!(set.await.unwrap(), 2);
        let read = Arrays::objects(&db).values(|a| (a.ints, a.texts)).await.unwrap();
        assert_eq!(read, [(vec![1, 2], vec![]), (vec![1, 2], vec![])]);
    });
}

#[test_on(sqlite, mysql_family)]
fn arrays_are_for_postgresql(kind: Kind) {
    on_database(kind, async |db| {
        let error = db.create_tables([Arrays::model().unwrap()]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
    });
}
