//! JSON documents in tables that others have declared.

use enmasse::ErrorKind;
use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

use crate::run;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "paper")]
struct Paper {
    #[model(primary_key)]
    id: i64,
    doc: Option<serde_json::Value>,
}

/// A model does not say that its table was declared by others.
#[test_on(sqlite)]
fn a11_a_document_that_would_become_a_float_is_refused(kind: Kind) {
    on_database(kind, async |db| {
        for column in ["json", "jsonb", "numeric", "text"] {
            run(
                &db,
                &[
                    "DROP TABLE IF EXISTS paper",
                    &format!("CREATE TABLE paper (id bigint PRIMARY KEY, doc {column})"),
                ],
            )
            .await;
            let all = || Paper::objects(&db);
            let paper = |id: i64, doc: serde_json::Value| Paper { id, doc: Some(doc) };
            let kept = [
                serde_json::json!([u64::MAX]),
                serde_json::json!({ "n": u64::MAX }),
                i64::MAX.into(),
                i64::MIN.into(),
                1.5.into(),
                "18446744073709551615".into(),
            ];
            let kept: Vec<Paper> = (1..).zip(kept).map(|(id, doc)| paper(id, doc)).collect();
            all().bulk_create(kept.clone()).await.unwrap();
            assert_eq!(all().order_by(|p| p.id).fetch().await.unwrap(), kept, "{column}");
            let large = || paper(1, u64::MAX.into());
            let doors = [
                ("create", all().create(Paper { id: 99, ..large() }).await.map(|_| ())),
                ("bulk_create", all().bulk_create([Paper { id: 99, ..large() }]).await.map(|_| ())),
                ("save", all().save(&mut large()).await.map(|_| ())),
                ("update", all().update(|p| p.doc.set(large().doc)).await.map(|_| ())),
                ("bulk_update", all().bulk_update(&[large()], |p| p.doc).await.map(|_| ())),
            ];
            for (door, done) in doors {
                let error = done.expect_err(door);
                assert_eq!(error.kind(), ErrorKind::Value, "{door}: {error}");
                assert!(
                    error.message().contains("the JSON document 18446744073709551615 would become a float"),
                    "{door}: {error}"
                );
            }
            assert_eq!(all().order_by(|p| p.id).fetch().await.unwrap(), kept, "{column}");
        }
    });
}
