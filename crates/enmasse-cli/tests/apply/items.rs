//! A small table with a column of each kind.

use enmasse::DataType;
use enmasse::schema::{Field, Model, Schema};
use enmasse_testing::Kind;

use crate::program::Trial;

/// Makes the tables `owner` and `item`, with three rows each.
pub async fn make(trial: &Trial<'_>) {
    let text = |length| DataType::Text { max_length: Some(length) };
    let price = DataType::Decimal { max_digits: Some(6), decimal_places: Some(2) };
    let owner = Model::new("Owner", "owner").add(Field::new("id", DataType::BigInt).primary_key());
    let item = Model::new("Item", "item")
        .add(Field::new("id", DataType::BigInt).primary_key())
        .add(Field::new("name", text(20)))
        .add(Field::new("code", text(10)).null().unique())
        .add(Field::new("price", price).null())
        .add(Field::new("amount", DataType::Integer))
        .add(Field::new("small", DataType::SmallInt).null())
        .add(Field::new("ratio", DataType::Double).null())
        .add(Field::new("made", DataType::Date).null())
        .add(Field::new("seen", DataType::DateTime).null())
        .add(Field::new("active", DataType::Bool).null())
        .add(Field::new("token", DataType::Uuid).null())
        .add(Field::new("note", DataType::TEXT).null())
        .add(Field::new("owner", DataType::BigInt).null().foreign_key("Owner"))
        .add(Field::new("twice", DataType::Integer).null().generated("amount * 2"));
    let schema = Schema::new(vec![owner, item]).expect("a schema");
    trial.db.create_tables(schema.models()).await.expect("the tables");
    trial.run("INSERT INTO owner (id) VALUES (1), (2), (3)").await;
    fill(trial).await;
}

/// Refills the table `item`.
pub async fn fill(trial: &Trial<'_>) {
    trial.run("DELETE FROM item").await;
    let (yes, no) = if trial.kind == Kind::Postgres { ("true", "false") } else { ("1", "0") };
    trial
        .run(&format!(
            "INSERT INTO item (id, name, code, price, amount, small, ratio, made, active, note, owner_id) VALUES
             (1, 'bolt', 'A1', 1.50, 10, 1, 0.5, '2024-01-31', {yes}, 'old', 1),
             (2, 'nut', 'B2', 0.25, 20, 2, 1.5, '2024-02-29', {no}, NULL, 2),
             (3, 'gear', 'C3', 99.00, 30, 3, 2.5, NULL, NULL, 'a note', NULL)"
        ))
        .await;
}

/// The whole table.
pub async fn all(trial: &Trial<'_>) -> String {
    trial.query("SELECT * FROM item ORDER BY id").await
}

/// Each row's id, name and amount.
pub async fn amounts(trial: &Trial<'_>) -> String {
    trial.query("SELECT id, name, amount FROM item ORDER BY id").await
}
