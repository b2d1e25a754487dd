//! `enmasse inspect`; the models that it writes are compiled here, and used.

mod rights;
mod tables;

#[allow(dead_code)]
mod mysql;
#[allow(dead_code)]
mod postgres;
#[allow(dead_code)]
mod sqlite;

use std::path::Path;

use crate::program::enmasse;
use enmasse::prelude::*;
use enmasse::serde_json::json;
use enmasse_testing::{Kind, Scratch, on_scratch, test_on};

fn on_tables(kind: Kind, scenario: impl AsyncFnOnce(&Scratch, &Database)) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        tables::make(&db, scratch.kind).await;
        scenario(scratch, &db).await;
        db.close().await;
    });
}

/// With `ENMASSE_BLESS` set the files are written in place of being compared.
#[test_on(all)]
fn the_source_is_the_one_that_is_compiled_here(kind: Kind) {
    on_tables(kind, async |scratch, _| {
        let source = enmasse(["inspect", "--db", &scratch.url, "--rust"]).done();
        // MySQL returns an expression in brackets.
        let source = source.replace("generated = \"(`s` * 2)\"", "generated = \"`s` * 2\"");
        let file = match scratch.kind {
            Kind::Sqlite => "sqlite.rs",
            Kind::Postgres => "postgres.rs",
            Kind::MariaDb | Kind::Mysql => "mysql.rs",
        };
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/inspect").join(file);
        if std::env::var_os("ENMASSE_BLESS").is_some() {
            std::fs::write(&file, &source).unwrap();
        }
        assert_eq!(source, std::fs::read_to_string(&file).unwrap(), "{}", file.display());

        let one = enmasse(["inspect", "--db", &scratch.url, "--rust", "shop_vip"]).done();
        for part in [
            "pub struct ShopVip {",
            "pub struct Customer {",
            "pub struct Baseuser {",
            "// refers to \"country\"",
        ] {
            assert!(one.contains(part), "{one}");
        }
        assert!(!one.contains("struct Country"), "{one}");
    });
}

#[test_on(all)]
fn the_models_are_used(kind: Kind) {
    on_tables(kind, async |scratch, db| {
        macro_rules! used {
            ($models:ident) => {{
                use $models::{
                    Baseuser, Country, Customer, EveryType, Field2ndTable, Option2, Pair, ShopVip,
                };
                let vips =
                    ShopVip::objects(db).filter(|v| v.level.eq("Gold") & v.country().name.eq("Canada"));
                assert_eq!(
                    vips.clone().update(|v| (v.level.set("Free"), v.discount.set(Decimal::ONE))).await?,
                    1
                );
                let vip = ShopVip::objects(db).get().await?;
                assert_eq!(
                    (vip.level.as_str(), vip.discount, vip.name.as_str()),
                    ("Free", Decimal::ONE, "Ada")
                );
                let bosses = Baseuser::objects(db).filter(|u| u.boss().name.eq("Ada"));
                assert_eq!(bosses.values(|u| u.name).await?, ["Bob"]);
                let rows = EveryType::objects(db).fetch().await?;
                assert_eq!(rows.len(), 1);
                assert_eq!(EveryType::objects(db).bulk_update(&rows, |r| (r.t, r.day)).await?.matched, 1);
                let pairs = Pair::objects(db).update(|p| p.n.set(7)).await?;
                assert_eq!((pairs, Pair::objects(db).fetch().await?[0].n), (1, Some(7)));
                assert_eq!(
                    Field2ndTable::objects(db).filter(|t| t.r#type.eq(1)).fetch().await?[0].field_2nd,
                    Some(2)
                );
                assert_eq!(Option2::objects(db).count().await?, 0);
                assert_eq!(Customer::objects(db).filter(|c| c.home().iso.eq(124)).count().await?, 1);
                assert_eq!(Country::objects(db).filter(q!(shop_customer__level = "Free")).count().await?, 1);
            }};
        }
        let work = async {
            match scratch.kind {
                Kind::Sqlite => used!(sqlite),
                Kind::Postgres => used!(postgres),
                Kind::MariaDb | Kind::Mysql => used!(mysql),
            }
            Ok::<(), Error>(())
        };
        work.await.unwrap();
    });
}

#[test_on(all)]
fn tables_are_listed(kind: Kind) {
    on_tables(kind, async |scratch, _| {
        let out = enmasse(["inspect", "--db", &scratch.url, "shop_customer", "pair"]).done();
        let int = if scratch.kind == Kind::Sqlite { "bigint" } else { "integer" };
        let expected = format!(
            "shop_customer  1 row\n  \
               extends baseuser\n  \
               baseuser_ptr  bigint    key, → baseuser.id, column baseuser_ptr_id\n  \
               level         text(10)\n  \
               country       text(2)   null, → country.code, column country_id\n  \
               home          {int:8}  null, → country.iso, column home_id\n\
             \n\
             pair  1 row\n  \
               a  {int:7}  key\n  \
               b  text(5)  key\n  \
               n  {int:7}  null\n  \
               x  {int:7}  null\n  \
               unique together: n, x\n"
        );
        assert_eq!(out, expected);
        let out = enmasse(["inspect", "--db", &scratch.url]).done();
        assert!(
            out.ends_with(
                "\nleft out\n  nokey: it has no primary key, and no columns that are unique and never NULL\n"
            ),
            "{out}"
        );
        assert!(out.contains("  left out: odd: "), "{out}");

        let object = enmasse(["inspect", "--db", &scratch.url, "--json", "pair", "shop_vip"]).json();
        assert!(object["database"].as_str().is_some_and(|name| name.contains(' ')));
        assert_eq!(object["tables"][1]["extends"], json!(["shop_customer"]));
        assert_eq!(object["tables"][0]["rows"], 1);
        assert_eq!(object["tables"][0]["unique_together"], json!([["n", "x"]]));
        assert_eq!(
            object["tables"][0]["columns"][1],
            json!({
                "name": "b", "column": "b", "type": "text(5)", "null": false, "key": true, "numbered": false, "unique": false,
                "generated": null, "range": null, "second_digits": null, "choices": null, "members": null, "bytes": null, "refers_to": null,
            })
        );
        let err = enmasse(["inspect", "--db", &scratch.url, "piar"]).failed(2);
        assert!(err.starts_with("enmasse: There is no table 'piar'. Did you mean 'pair'?"), "{err}");
        let err = enmasse(["inspect", "--db", &scratch.url, "nokey"]).failed(2);
        assert_eq!(
            err,
            "enmasse: The table 'nokey' is left out: it has no primary key, and no columns that are unique and never NULL.\n"
        );
        assert_eq!(enmasse(["inspect", "--db", &scratch.url, "--quiet"]).done(), "");
    });
}

#[test]
fn a_sqlite_file_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    std::fs::write(&path, "").unwrap();
    enmasse(["inspect", "--db", path.to_str().unwrap()]).done();
    assert_eq!(std::fs::read(&path).unwrap(), b"", "not even the journal's mode is set");
}
