//! The four bulk operations in one program: QuerySets, signals, `BulkUpdateMixin`, custom managers. It prints
//! each call, its SQL, and the rows that it changed.
//!
//! ```sh
//! cargo run --release --example membership                                # SQLite, in memory
//! cargo run --release --example membership -- postgres://user@localhost/db # or another database: its tables are replaced
//! ```

use std::error::Error;

use enmasse::prelude::*;
use enmasse::signals::Receiver;
use enmasse_examples::membership::{self, Customer, Profile, User, body_of};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite::memory:".to_owned());
    let db = Database::connect(&url).await?;
    println!("{}", db.name());
    membership::prepare(&db).await?;

    show("1. QuerySets", "put_out_the_inactive");
    let update = membership::put_out_the_inactive(&db);
    sql(&update.explain()?);
    println!("   {} users matched", update.await?);
    let inactive = User::objects(&db).filter(q!(is_active = false)).order_by(|u| u.id).fetch().await?;
    println!("   inactive: {}", list(inactive.iter().map(|user| user.id)));

    show("2. Signals", "reward_each_save");
    membership::reward_each_save(&db);
    let watch = tell_the_reward(&db);
    show("   ... and a write that sends one", "make_americans_premium");
    let update = membership::make_americans_premium(&db);
    sql(&update.explain()?);
    println!("   {} users matched", update.await?);
    watch.disconnect();
    let rewarded = Profile::objects(&db).filter(q!(points = 100)).order_by(|p| p.user).fetch().await?;
    println!("   100 points each: the profiles of {}", list(rewarded.iter().map(|profile| profile.user)));

    show("3. BulkUpdateMixin", "make_customers_free");
    let update = membership::make_customers_free(&db);
    sql(&update.explain()?);
    let written = update.await?;
    let tables = written.tables.iter().map(|(table, rows)| format!("{rows} in {table}"));
    println!("   {} customers matched: {}", written.matched, list(tables));
    let free = Customer::objects(&db).filter(q!(level = "Free")).order_by(|c| c.id).fetch().await?;
    println!("   free: {}", list(free.iter().map(|customer| format!("{} ({})", customer.id, customer.name))));

    show("4. Custom managers", "upgrade_inactive_americans");
    let update = membership::upgrade_inactive_americans(&db);
    sql(&update.explain()?);
    println!("   {} users matched", update.await?);
    Ok(())
}

/// A second receiver. It writes nothing, and prints the SQL of the first receiver's update for the same
/// users.
fn tell_the_reward(db: &Database) -> Receiver {
    db.signals().post_save::<User>().connect(|batch, tx| async move {
        let profiles = Profile::objects(&tx).filter(|p| p.user.in_(&batch));
        println!("   SQL of the receiver, once for all of them:");
        println!("{}", indented(&profiles.update(|p| p.points.increment(100)).explain()?));
        Ok(())
    })
}

fn show(title: &str, function: &str) {
    println!("\n{title}\n{}", indented(&body_of(function)));
}

fn sql(text: &str) {
    println!("   SQL:\n{}", indented(text));
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("     {line}")).collect::<Vec<_>>().join("\n")
}

fn list(items: impl Iterator<Item = impl ToString>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
