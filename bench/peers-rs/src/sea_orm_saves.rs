//! sea-orm: saves each object separately, in one transaction. It has no call for many objects with individual
//! values.

use anyhow::Result;
use async_trait::async_trait;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, IntoActiveModel, TransactionTrait};

use crate::Peer;
use crate::item::Item;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "item")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub points: i32,
        #[sea_orm(column_type = "Decimal(Some((12, 2)))")]
        pub price: Decimal,
        pub seen: DateTimeUtc,
        pub active: bool,
        #[sea_orm(column_type = "Text")]
        pub note: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub struct SeaOrm {
    db: DatabaseConnection,
    items: Vec<entity::Model>,
}

pub async fn connect(url: &str) -> Result<SeaOrm> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Ok(SeaOrm { db: Database::connect(options).await?, items: Vec::new() })
}

#[async_trait]
impl Peer for SeaOrm {
    fn take(&mut self, items: Vec<Item>) {
        let model = |Item { id, name, points, price, seen, active, note }| entity::Model {
            id,
            name,
            points,
            price,
            seen,
            active,
            note,
        };
        self.items = items.into_iter().map(model).collect();
    }

    async fn write(&mut self) -> Result<()> {
        let transaction = self.db.begin().await?;
        for item in &self.items {
            item.clone().into_active_model().reset_all().update(&transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}
