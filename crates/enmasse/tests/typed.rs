use enmasse::prelude::*;
use enmasse::{Assignments, FieldNames, IntoOrder, IntoQ, Path};

#[derive(Choices, Debug, Clone, PartialEq)]
enum Membership {
    Free,
    #[choice(value = "Premium!")]
    Premium,
}
use Membership::Premium;

#[derive(Model, Debug, Clone)]
#[model(table = "users")]
pub struct User {
    #[model(primary_key)]
    pub id: i64,
    pub country: String,
    membership: Membership,
    pub is_active: bool,
    pub last_login: Option<DateTime<Utc>>,
    pub data: serde_json::Value,
    #[model(auto_now)]
    pub updated_at: DateTime<Utc>,
}

#[derive(Model, Debug, Clone)]
pub struct Profile {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(foreign_key = User)]
    pub user: i64,
    #[model(default = 5)]
    pub points: i32,
    pub nickname: Option<String>,
    pub price: Decimal,
}

fn filter<M: Entity, F: FnOnce(Columns<M>) -> R, R: IntoQ>(f: F) -> String {
    format!("{:?}", f(M::columns(Path::root())).into_q())
}
fn update<M: Entity, F: FnOnce(Columns<M>) -> R, R: Assignments>(f: F) -> String {
    format!("{:?}", f(M::columns(Path::root())).assignments())
}

#[test]
fn all() {
    let month_ago = Utc::now();
    println!("{}", filter::<User, _, _>(|u| u.last_login.lte(month_ago)));
    println!("{}", filter::<User, _, _>(q!(last_login__lte = month_ago, country__in = ["US", "CA"])));
    println!(
        "{}",
        filter::<Profile, _, _>(q!(user__country = "US" | user__country = "CA", user__in = [1, 2], user = 1))
    );
    println!("{}", filter::<User, _, _>(q!(profile__points__gt = 5, profile = 3, profile__isnull = true)));
    println!(
        "{}",
        filter::<User, _, _>(
            q!(data["a"]["b"][0]__gt = 5, updated_at__year = 2020, !(pk = 5 ^ country = None))
        )
    );
    println!("{}", filter::<User, _, _>(|u| u.is_active & u.profile().points.gt(1) & !u.is_active));
    println!(
        "{}",
        update::<User, _, _>(|u| (u.is_active.set(false), u.membership.set(Premium), u.last_login.set(None)))
    );
    println!(
        "{}",
        update::<Profile, _, _>(set!(
            points += 100,
            user = 5,
            nickname = None,
            points = F(points) * 2 + F(user__profile__points),
            price = F(price) * F(points)
        ))
    );
    println!(
        "{}",
        update::<Profile, _, _>(|p| p.nickname.set(case().when(p.points.gt(5), "x").otherwise(None)))
    );
    println!("{:#?}", User::model().unwrap().fields);
    println!("{:#?}", Profile::model().unwrap().fields);
    println!("{:?}", values!["Free", 5, -5_000_000_000, None, Premium]);
}
