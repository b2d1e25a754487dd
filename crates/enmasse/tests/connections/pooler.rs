//! Behind PgBouncer in transaction mode, where each transaction gets any free connection; and behind a pooler
//! that does not answer COPY.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use enmasse::batch::Strategy;
use enmasse::prelude::*;
use enmasse::query_set::Patch;
use enmasse_testing::{Bouncer, Kind, on_scratch, test_on, with_parameter};
use futures_util::stream::TryStreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "person")]
struct Person {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 40)]
    name: String,
    points: i32,
    at: DateTime<Utc>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "customer", extends = Person)]
struct Customer {
    person: Person,
    level: String,
}

const ROWS: i64 = 6_500;

fn person(id: i64, name: &str) -> Person {
    Person { id, name: name.into(), points: 0, at: "2024-02-03T04:05:06.000007Z".parse().unwrap() }
}

/// Every way of writing, of rows that are this task's own.
async fn write_all(db: &Database, from: i64, rows: i64) {
    let own = || Person::objects(db).filter(move |p| p.id.range(from..=from + rows - 1));
    let people = |name: &'static str| (from..from + rows).map(move |id| person(id, name));
    assert_eq!(own().update(|p| (p.name.set(r"a\'b"), p.points.set(0))).await.unwrap(), rows as u64);
    let report = Person::objects(db).bulk_update(people("b"), |p| p.name).await.unwrap();
    assert_eq!(report.matched, rows as u64);
    let report = Person::objects(db).bulk_update(people("b"), |p| p.name).skip_unchanged().await.unwrap();
    assert_eq!((report.matched, report.changed), (rows as u64, 0));
    let returned = Person::objects(db).bulk_update(people("c"), |p| p.name).returning_old().await.unwrap();
    assert!(returned.rows.iter().all(|change| change.old.name == "b" && change.new.name == "c"));
    assert_eq!(returned.rows.len(), rows as usize);
    let returned = own().update(|p| p.points.increment(5)).returning_old().await.unwrap();
    assert!(returned.iter().all(|change| change.old.points + 5 == change.new.points));
    let patches = (from..from + rows.min(50)).map(|id| Patch::of(id).set_by("name", "d"));
    Person::objects(db).bulk_patch(patches).await.unwrap();
    // the chain
    let customers =
        (from..from + rows).map(|id| Customer { person: person(id, "e"), level: format!("l{id}") });
    let report = Customer::objects(db).bulk_update(customers, |c| (c.name, c.level)).await.unwrap();
    assert_eq!(report.matched, rows as u64);
    let leveled = Customer::objects(db).filter(move |c| c.id.range(from..=from + rows - 1));
    assert_eq!(leveled.update(|c| (c.level.set("x"), c.name.set("f"))).await.unwrap(), rows as u64);
    let read: Vec<Person> = own().stream().try_collect().await.unwrap();
    assert!(read.iter().all(|person| person.name == "f" && person.points == 5));
    assert_eq!(read.len(), rows as usize);
    let raw = "SELECT name FROM person WHERE id = $1 AND at = $2 AND name = $3 AND points = ANY ($4)";
    let params = [from.into(), read[0].at.into(), "f".into(), Value::Array(vec![5.into(), 7.into()])];
    assert_eq!(db.query_raw(raw, params).await.unwrap(), [[Value::from("f")]]);
    // several statements in one transaction, of which a part is undone
    db.transaction(async |tx| {
        own().using(&tx).update(|p| p.points.set(6)).await?;
        let undone = tx.transaction(async |inner| {
            own().using(&inner).update(|p| p.points.set(7)).await?;
            Err::<(), _>(Error::new(ErrorKind::Value, "no"))
        });
        undone.await.unwrap_err();
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(own().filter(|p| p.points.eq(6)).count().await.unwrap(), rows as u64);
}

async fn fill(direct: &Database) {
    direct.create_tables([Person::model().unwrap(), Customer::model().unwrap()]).await.unwrap();
    let customers = (1..=ROWS * 2).map(|id| Customer { person: person(id, "old"), level: "old".into() });
    Customer::objects(direct).bulk_create(customers).await.unwrap();
}

/// Many at once, in one program and from several pools.
async fn many_at_once(url: &str) {
    let heard = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for (number, rows) in [1, 4, 60, 900, 1, 7, 30, ROWS].into_iter().enumerate() {
        let db = Database::connect(url).await.unwrap();
        let heard = heard.clone();
        db.signals().post_save::<Person>().connect(move |batch, tx| {
            let heard = heard.clone();
            async move {
                heard.fetch_add(batch.size(), Ordering::SeqCst);
                Person::objects(&tx).filter(|p| p.id.in_(&batch)).count().await.map(|_| ())
            }
        });
        let from = if rows == ROWS { ROWS + 1 } else { 1 + 900 * number as i64 };
        tasks.push(tokio::spawn(async move {
            write_all(&db, from, rows).await;
            db.close().await;
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_ne!(heard.load(Ordering::SeqCst), 0);
}

#[test_on(postgres)]
fn b04_pgbouncer_in_transaction_mode(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let direct = scratch.connect().await;
        fill(&direct).await;
        for (settings, parameter) in [
            // it refuses what it does not know
            ("", ""),
            // It drops the setting silently.
            ("ignore_startup_parameters = options", ""),
            ("ignore_startup_parameters = options", "pgbouncer=true"),
        ] {
            let Some(bouncer) = Bouncer::before(&scratch.url, settings) else { return };
            let url = if parameter.is_empty() {
                bouncer.url.clone()
            } else {
                with_parameter(&bouncer.url, parameter)
            };
            many_at_once(&url).await;
        }
        direct.close().await;
    });
}

#[test_on(postgres)]
fn b04_pgbouncer_is_found_by_its_errors_too(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let direct = scratch.connect().await;
        fill(&direct).await;
        let Some(bouncer) = Bouncer::before(&scratch.url, "") else { return };
        // As if the mark were not checked.
        let url = with_parameter(&bouncer.url, "pgbouncer=false");
        let db = Database::connect(&url).await.unwrap();
        let tasks = (0..8).map(|task: i64| {
            let db = db.clone();
            tokio::spawn(async move {
                for round in 0..10 {
                    let rows = if round % 5 == 0 { 80 } else { 3 };
                    let people = (1..=rows).map(|id| person(task * 100 + id, "new"));
                    let report = Person::objects(&db).bulk_update(people.collect::<Vec<_>>(), |p| p.name);
                    assert_eq!(report.await.unwrap().matched, rows as u64);
                    let one = Person::objects(&db).filter(|p| p.id.eq(task * 100 + 1));
                    assert_eq!(one.update(|p| p.points.increment(1)).await.unwrap(), 1);
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let counted = Person::objects(&db).filter(|p| p.points.eq(10)).count().await.unwrap();
        assert_eq!(counted, 8);
        db.close().await;
        direct.close().await;
    });
}

/// Passes everything on but the server's answer that a copy may begin, as pgpool does.
async fn silent_about_copy(server: (String, u16)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = server.clone();
            tokio::spawn(async move {
                let Ok(server) = TcpStream::connect(server).await else { return };
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
                loop {
                    let mut head = [0; 5];
                    if from_server.read_exact(&mut head).await.is_err() {
                        return;
                    }
                    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
                    let mut body = vec![0; length - 4];
                    if from_server.read_exact(&mut body).await.is_err() {
                        return;
                    }
                    if head[0] == b'G' {
                        // CopyInResponse: nothing more is said
                        std::future::pending::<()>().await;
                    }
                    let message = [&head[..], &body].concat();
                    if to_client.write_all(&message).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[test_on(postgres)]
fn b04_a_copy_that_is_not_answered_gives_way_to_arrays(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let direct = scratch.connect().await;
        fill(&direct).await;
        let mut url = url::Url::parse(&scratch.url).unwrap();
        let server = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(silent_about_copy(server).await)).unwrap();
        let db = Database::connect(&with_parameter(url.as_str(), "sslmode=disable")).await.unwrap();
        let started = std::time::Instant::now();
        let people = (1..=ROWS).map(|id| person(id, "new")).collect::<Vec<_>>();
        let report = Person::objects(&db).bulk_update(people.clone(), |p| p.name).await.unwrap();
        assert_eq!(report.matched, ROWS as u64);
        let waited = started.elapsed();
        assert!(
            waited > std::time::Duration::from_secs(9) && waited < std::time::Duration::from_secs(25),
            "{waited:?}"
        );
        // From now on the mark is not checked.
        let started = std::time::Instant::now();
        let again = Person::objects(&db).bulk_update(people, |p| p.name).returning_old().await.unwrap();
        assert_eq!(again.rows.len(), ROWS as usize);
        assert!(started.elapsed() < std::time::Duration::from_secs(9));
        db.close().await;
        direct.close().await;
    });
}

#[test_on(postgres)]
fn b04_arrays_can_be_put_into_a_temporary_table(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        fill(&db).await;
        let people = |rows: i64| (1..=rows).map(|id| person(id, "new")).collect::<Vec<_>>();
        for rows in [1, 70, ROWS] {
            let update =
                Person::objects(&db).bulk_update(people(rows), |p| p.name).strategy(Strategy::StagedArrays);
            assert_eq!(update.await.unwrap().matched, rows as u64);
        }
        db.close().await;
    });
}
