//! Models that have fields of others, as data.

use enmasse_core::dialect::Sqlite;
use enmasse_core::plan::Step;
use enmasse_core::plan::{create_tables, drop_tables};
use enmasse_core::schema::{Field, Model, Schema};
use enmasse_core::{DataType, ErrorKind};

fn user() -> Model {
    Model::new("User", "users")
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("name", DataType::TEXT))
}

fn order() -> Model {
    Model::new("Order", "orders")
        .add(Field::new("id", DataType::BigInt).primary_key())
        .add(Field::new("admin", DataType::BigInt).foreign_key("Admin"))
}

fn admin() -> Model {
    Model::new("Admin", "").proxy_of("User")
}

#[test]
fn a_proxy_has_the_fields_and_relations_of_its_model() {
    let root = Model::new("Root", "elsewhere").proxy_of("Admin");
    let schema = Schema::new(vec![root, order(), admin(), user()]).unwrap();
    let [user, admin, root] = ["User", "Admin", "Root"].map(|label| schema.model(label).unwrap());
    for proxy in [&admin, &root] {
        assert_eq!((proxy.table.as_str(), proxy.key()), ("users", vec![0]));
        assert_eq!(proxy.field("name").unwrap().column, "name");
        assert_eq!(proxy.concrete(), user);
    }
    for model in [&user, &admin, &root] {
        assert_eq!(model.relation("order").unwrap().model.name, "Order");
    }
    let order = schema.model("Order").unwrap();
    assert_eq!(order.relation("admin").unwrap().model, admin);
}

#[test]
fn a_proxy_has_no_table_of_its_own() {
    let schema = Schema::new(vec![order(), admin(), user()]).unwrap();
    let models: Vec<_> = schema.models().collect();
    let dialect = Sqlite::default();
    let made = create_tables(&dialect, &models).unwrap().steps;
    let tables: Vec<&str> = made
        .iter()
        .filter_map(|step| match step {
            Step::Run(statement, _) => statement.sql.strip_prefix("CREATE TABLE ")?.split(' ').next(),
            _ => None,
        })
        .collect();
    assert_eq!(tables, [r#""users""#, r#""orders""#]);
    assert_eq!(drop_tables(&dialect, &models).steps.len(), 2);
    let order = format!("{:?}", made);
    assert!(order.contains(r#"REFERENCES \"users\" (\"id\")"#), "{order}");
}

#[test]
fn what_is_inherited_must_be_there() {
    let error = |models| Schema::new(models).unwrap_err();
    let unknown = error(vec![user(), Model::new("Admin", "").proxy_of("Usr")]);
    assert_eq!(unknown.kind(), ErrorKind::Configuration);
    assert!(unknown.to_string().contains("'User'"), "{unknown}");
    let circle = error(vec![Model::new("A", "").proxy_of("B"), Model::new("B", "").proxy_of("A")]);
    assert_eq!(circle.kind(), ErrorKind::Configuration);
}
