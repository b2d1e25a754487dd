//! The statements that are sent.

use std::fmt;
use std::sync::{Arc, Mutex};

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::span;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::{Profile, User, user, users};

/// Returns the work's result, and the statements that it sent.
pub async fn statements<T>(work: impl IntoFuture<Output = T>) -> (T, Vec<String>) {
    let sent = Arc::<Mutex<Vec<String>>>::default();
    let subscriber = tracing_subscriber::registry().with(Statements(sent.clone()));
    let result = work.into_future().with_subscriber(subscriber).await;
    let sent = std::mem::take(&mut *sent.lock().unwrap());
    (result, sent)
}

struct Statements(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        attributes.record(&mut Sql(&self.0));
    }
}

struct Sql<'s>(&'s Mutex<Vec<String>>);

impl Visit for Sql<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "sql" {
            self.0.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Every kind of write once.
async fn each_write(db: &Database) {
    let all = || User::objects(db);
    all().create(user(10)).await.unwrap();
    all().bulk_create([user(11), user(12)]).await.unwrap();
    let mut saved = user(10);
    all().save(&mut saved).await.unwrap();
    all().save(&mut saved).update_fields(|u| u.name).await.unwrap();
    all().save(&mut user(13)).await.unwrap();
    all().filter(|u| u.country.eq("US")).update(|u| u.visits.increment(1)).await.unwrap();
    all().filter(|u| u.country.eq("US")).update(|u| u.visits.increment(1)).returning().await.unwrap();
    let changed: Vec<_> = (1..=4).map(|id| User { visits: 5, ..user(id) }).collect();
    all().bulk_update(&changed, |u| u.visits).await.unwrap();
    all().bulk_update(changed, |u| u.visits).returning().await.unwrap();
    let patch = enmasse::query_set::Patch::of(1).set(|u: Columns<User>| u.visits.set(7));
    all().bulk_patch([patch]).await.unwrap();
    all().filter(|u| u.id.gt(9)).delete().await.unwrap();
    let tx = db.transaction(async |tx| {
        User::objects(&tx).filter(|u| u.country.eq("US")).update(|u| u.visits.increment(1)).await?;
        User::objects(&tx).save(&mut user(1)).await
    });
    tx.await.unwrap();
}

#[test_on(all)]
fn without_receivers_the_sql_is_the_same(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 4).await;
        // what is asked about a table is asked once
        each_write(&db).await;
        let ((), with_none) = statements(each_write(&db)).await;
        assert!(with_none.len() > 12, "{with_none:?}");

        // receivers of other models
        db.signals().pre_save::<Profile>().connect(async |_, _| Ok(()));
        db.signals().post_save::<Profile>().connect(async |_, _| Ok(()));
        db.signals().post_delete::<Profile>().connect(async |_, _| Ok(()));
        let ((), with_others) = statements(each_write(&db)).await;
        assert_eq!(with_others, with_none);

        // those of a deletion are no business of an update
        let receiver = db.signals().pre_delete::<User>().connect(async |_, _| Ok(()));
        let update = || async {
            let rows = User::objects(&db).filter(|u| u.country.eq("US"));
            rows.update(|u| u.visits.increment(1)).await.unwrap()
        };
        let (_, with_one_of_deletions) = statements(update()).await;
        receiver.disconnect();
        let (_, without) = statements(update()).await;
        assert_eq!(with_one_of_deletions, without);
    });
}
