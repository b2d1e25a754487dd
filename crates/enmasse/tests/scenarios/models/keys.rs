//! Keys of every kind.

use std::collections::HashSet;

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "countries")]
struct Country {
    #[model(primary_key, max_length = 20)]
    code: String,
    people: i64,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "tokens")]
struct Token {
    #[model(primary_key, db_column = "the token")]
    token: Uuid,
    uses: i32,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "seats")]
struct Seat {
    #[model(primary_key)]
    hall: i32,
    #[model(primary_key, max_length = 4)]
    row: String,
    #[model(primary_key)]
    number: i16,
    taken: bool,
}

#[test_on(all)]
fn a_key_can_be_text(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Country::model().unwrap()]).await.unwrap();
        let of = |code: &str, people| Country { code: code.into(), people };
        let codes = ["", "-", "AT", "at2", "it's", "ü\"☃", "a\\b"];
        let rows: Vec<_> = codes.iter().zip(0..).map(|(code, people)| of(code, people)).collect();
        assert_eq!(Country::objects(&db).bulk_create(rows.clone()).await.unwrap(), rows);
        let changed: Vec<_> = rows.iter().map(|row| of(&row.code, row.people + 100)).collect();
        let gone = [of("nowhere", 1), of("no'where", 2)];
        let all: Vec<_> = changed.iter().chain(&gone).collect();
        let report = Country::objects(&db).bulk_update(all, |c| c.people).await.unwrap();
        assert_eq!(report.matched, 7);
        let missing: HashSet<_> = report.missing.iter().map(|key| format!("{key:?}")).collect();
        let expected = ["nowhere", "no'where"].map(|key| format!("{:?}", [Value::from(key)]));
        assert_eq!(missing, expected.into());
        for row in &changed {
            let found = Country::objects(&db).filter(|c| c.code.eq(&row.code)).get().await.unwrap();
            assert_eq!(found, *row);
        }
        let saved = Country::objects(&db).save(&mut of("new", 5)).await.unwrap();
        assert!(saved.created);
        assert!(!Country::objects(&db).save(&mut of("new", 6)).await.unwrap().created);
        assert!(Country::objects(&db).delete_object(&of("new", 0)).await.unwrap());
        assert!(!Country::objects(&db).delete_object(&of("new", 0)).await.unwrap());
        assert_eq!(Country::objects(&db).count().await.unwrap(), 7);
    });
}

#[test_on(all)]
fn a_key_can_be_a_uuid(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Token::model().unwrap()]).await.unwrap();
        let rows: Vec<_> =
            [0, 5, u128::MAX].map(|bits| Token { token: Uuid::from_u128(bits), uses: 0 }).into();
        Token::objects(&db).bulk_create(rows.clone()).await.unwrap();
        let changed: Vec<_> = rows.iter().map(|row| Token { uses: 7, ..row.clone() }).collect();
        let gone = Token { token: Uuid::from_u128(6), uses: 1 };
        let report =
            Token::objects(&db).bulk_update(changed.iter().chain([&gone]), |t| t.uses).await.unwrap();
        assert_eq!((report.matched, report.missing), (3, vec![vec![Value::Uuid(gone.token)]]));
        let read = Token::objects(&db).order_by(|t| t.token).fetch().await.unwrap();
        assert_eq!(read, changed);
        let one = Token::objects(&db).filter(q!(pk = Uuid::from_u128(5))).update(set!(uses += 1));
        assert_eq!(one.await.unwrap(), 1);
        let used = Token::objects(&db).filter(q!(uses = 8)).get().await.unwrap();
        assert_eq!(used.token, Uuid::from_u128(5));
        assert!(Token::objects(&db).save(&mut gone.clone()).await.unwrap().created);
    });
}

#[test_on(all)]
fn a_key_can_be_composite(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Seat::model().unwrap()]).await.unwrap();
        let seat = |hall, row: &str, number, taken| Seat { hall, row: row.into(), number, taken };
        let rows = vec![
            seat(0, "A", 0, false),
            seat(0, "A", 1, false),
            seat(0, "B", 0, false),
            seat(1, "A", 0, false),
            seat(-1, "", i16::MIN, false),
        ];
        assert_eq!(Seat::objects(&db).bulk_create(rows.clone()).await.unwrap(), rows);
        let batch = [seat(0, "A", 1, true), seat(1, "A", 0, true), seat(1, "A", 1, true)];
        let report = Seat::objects(&db).bulk_update(&batch, |s| s.taken).await.unwrap();
        assert_eq!(report.matched, 2);
        assert_eq!(report.missing, [vec![Value::Int(1), Value::from("A"), Value::Int(1)]]);
        let taken = Seat::objects(&db).filter(q!(taken = true)).order_by(|s| s.hall).fetch().await.unwrap();
        assert_eq!(taken, [seat(0, "A", 1, true), seat(1, "A", 0, true)]);

        assert!(!Seat::objects(&db).save(&mut seat(0, "B", 0, true)).await.unwrap().created);
        assert!(Seat::objects(&db).save(&mut seat(0, "B", 1, true)).await.unwrap().created);
        assert_eq!(Seat::objects(&db).count().await.unwrap(), 6);
        assert!(Seat::objects(&db).delete_object(&seat(0, "B", 1, false)).await.unwrap());
        assert_eq!(Seat::objects(&db).filter(q!(hall = 0, row = "B")).count().await.unwrap(), 1);
        let twice = Seat::objects(&db).create(seat(0, "A", 0, true)).await.unwrap_err();
        assert_eq!(twice.kind(), ErrorKind::Integrity, "{twice}");
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "ticket")]
struct Ticket {
    #[model(primary_key)]
    id: Option<i64>,
}

#[test_on(all)]
fn a_model_can_be_nothing_but_its_key(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Ticket::model().unwrap()]).await.unwrap();
        let ticket = |id| Ticket { id };
        let rows = || Ticket::objects(&db);
        assert_eq!(rows().create(ticket(None)).await.unwrap(), ticket(Some(1)));
        assert_eq!(rows().create(ticket(Some(10))).await.unwrap(), ticket(Some(10)));
        if Kind::of(&db) == Kind::Postgres {
            // A key that was given is not known to the sequence.
            db.query_raw("SELECT setval(pg_get_serial_sequence('ticket', 'id'), 10)", []).await.unwrap();
        }
        let many = rows().bulk_create([ticket(None), ticket(Some(20)), ticket(None)]).await.unwrap();
        let ids: Vec<_> = many.iter().map(|ticket| ticket.id.unwrap()).collect();
        assert!(ids[0] > 10 && ids[1] == 20 && ids[2] == ids[0] + 1, "{ids:?}");
        let mut one = ticket(Some(1));
        assert!(!rows().save(&mut one).await.unwrap().created, "it is there");
        assert!(rows().save(&mut ticket(Some(100))).await.unwrap().created);
        let mut new = ticket(None);
        assert!(rows().save(&mut new).await.unwrap().created);
        assert!(new.id.is_some());
        assert_eq!(rows().count().await.unwrap(), 7);
        assert_eq!(rows().filter(q!(id__lte = 10)).delete().await.unwrap(), 2);
    });
}
