//! Tables of which one may not be read.

use enmasse_testing::{Clerk, Kind, on_scratch, test_on};

use crate::program::enmasse;

#[test_on(servers)]
fn c07_the_rest_is_shown_where_one_table_may_not_be_read(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        for name in ["before", "closed", "open"] {
            db.execute_raw(&format!("CREATE TABLE {name}_t (id integer PRIMARY KEY, n integer)"), [])
                .await
                .unwrap();
            db.execute_raw(&format!("INSERT INTO {name}_t VALUES (1, 2), (2, 3)"), []).await.unwrap();
        }
        // MySQL and MariaDB do not show tables of which one may do nothing
        let rights: &[&str] = match scratch.kind {
            Kind::Postgres => &["GRANT SELECT ON before_t, open_t TO {clerk}"],
            _ => &[
                "GRANT SELECT ON {database}.before_t TO {clerk}",
                "GRANT SELECT ON {database}.open_t TO {clerk}",
                "GRANT INSERT ON {database}.closed_t TO {clerk}",
            ],
        };
        let clerk = Clerk::new(scratch, &db, rights).await;
        let ended = enmasse(["inspect", "--db", &clerk.url]);
        let json = enmasse(["inspect", "--db", &clerk.url, "--json"]);
        clerk.drop(&db).await;
        let out = ended.done();
        for open in ["before_t  2 rows\n", "open_t  2 rows\n", "closed_t  cannot be read: "] {
            assert!(out.contains(open), "{:?}: {out}", scratch.kind);
        }
        assert_eq!(out.matches("\n  id  ").count(), 3, "{:?}: {out}", scratch.kind);
        let json = json.json();
        let tables = json["tables"].as_array().unwrap();
        let read = tables.iter().map(|table| table["rows"].as_u64()).collect::<Vec<_>>();
        assert_eq!(read, [Some(2), None, Some(2)], "{:?}: {json}", scratch.kind);
        db.close().await;
    });
}
