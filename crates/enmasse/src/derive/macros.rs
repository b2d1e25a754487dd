//! The derives and macros, with examples.

/// ```
/// use enmasse::prelude::*;
///
/// #[derive(Model, Debug, Clone)]
/// #[model(table = "shop_product", unique_together(shop, name))]
/// struct Product {
///     #[model(primary_key)]
///     id: Option<i64>,
///     #[model(max_length = 80)]
///     name: String,
///     #[model(foreign_key = Shop, related_name = "products")]
///     shop: i64,
///     #[model(max_digits = 8, decimal_places = 2)]
///     price: Decimal,
///     #[model(default = 1)]
///     quantity: i32,
///     withdrawn: Option<NaiveDate>,
///     #[model(auto_now)]
///     updated_at: DateTime<Utc>,
/// }
///
/// #[derive(Model)]
/// struct Shop {
///     #[model(primary_key)]
///     id: i64,
///     city: String,
/// }
///
/// let product = Product::model()?;
/// assert_eq!(product.field("shop")?.column, "shop_id");
///
/// fn in_paris(product: Columns<Product>) -> Q {
///     product.shop().city.eq("Paris")
/// }
/// fn has_cheap_products(shop: Columns<Shop>) -> Q {
///     shop.products().price.lt(5)
/// }
/// # let _ = (in_paris, has_cheap_products);
/// # Ok::<(), Error>(())
/// ```
///
/// Models inside others:
///
/// ```
/// use enmasse::prelude::*;
///
/// #[derive(Model)]
/// #[model(table = "base_user")]
/// struct BaseUser {
///     #[model(primary_key)]
///     id: i64,
///     name: String,
///     #[model(flatten)]
///     stamps: Stamps,
/// }
///
/// /// Columns of several tables, and their manager.
/// #[derive(Model)]
/// #[model(abstract, manager = Stamped)]
/// struct Stamps {
///     #[model(auto_now)]
///     changed_at: DateTime<Utc>,
///     changed_by: Option<i64>,
/// }
///
/// #[derive(Manager)]
/// struct Stamped<M>(QuerySet<M>);
///
/// impl<M: Model> Stamped<M> {
///     fn since(self, time: DateTime<Utc>) -> Self {
///         self.filter_by(F("changed_at").gte(time))
///     }
/// }
///
/// /// A base user with more columns, in a second table.
/// #[derive(Model)]
/// #[model(table = "customer", extends = BaseUser)]
/// struct Customer {
///     base: BaseUser,
///     level: String,
/// }
///
/// /// A proxy of the base user.
/// #[derive(Model)]
/// #[model(proxy = BaseUser)]
/// struct Guest(BaseUser);
///
/// fn good(customer: Columns<Customer>) -> Q {
///     customer.level.eq("Gold") & customer.name.starts_with("A") & customer.changed_by.is_null(true)
/// }
/// fn rename(customer: &mut Customer, name: &str) {
///     customer.name = name.into(); // that of `customer.base`
/// }
/// fn with_customers(user: Columns<BaseUser>) -> Q {
///     user.customer().level.eq("Gold")
/// }
/// # let _ = (good, rename, with_customers);
/// # let _ = |db: Database| (BaseUser::objects(&db).since(Utc::now()), Guest::objects(&db).filter(q!(customer__level = "Gold")));
/// assert_eq!(Customer::model()?.field("baseuser_ptr")?.column, "baseuser_ptr_id");
/// # Ok::<(), Error>(())
/// ```
pub use enmasse_macros::Model;

/// ```
/// use enmasse::prelude::*;
///
/// #[derive(Model)]
/// #[model(manager = UserManager)]
/// struct User {
///     #[model(primary_key)]
///     id: i64,
///     country: String,
/// }
///
/// #[derive(Clone, Manager)]
/// struct UserManager(QuerySet<User>);
///
/// impl UserManager {
///     fn in_country(self, country: &str) -> Self {
///         self.filter(|u| u.country.eq(country))
///     }
/// }
/// # let _ = |db: Database| User::objects(&db).in_country("US");
/// ```
pub use enmasse_macros::Manager;

/// ```
/// use enmasse::prelude::*;
/// use enmasse::{Choices as _, FieldType};
///
/// #[derive(Choices, Debug, PartialEq)]
/// enum Membership {
///     Free,
///     #[choice(value = "Premium")]
///     Premium,
/// }
///
/// #[derive(Choices, Debug, PartialEq)]
/// #[choices(integer)]
/// enum Level {
///     Low = 1,
///     High = 10,
/// }
///
/// assert_eq!(Membership::values(), ["free".into(), Value::from("Premium")]);
/// assert_eq!(Level::from_value(Value::Int(10))?, Level::High);
/// # Ok::<(), Error>(())
/// ```
pub use enmasse_macros::Choices;

/// ```
/// # #[cfg(feature = "sqlite")] tokio_test(async {
/// use enmasse::prelude::*;
///
/// #[derive(Model, Debug)]
/// struct User {
///     #[model(primary_key)]
///     id: i64,
///     country: String,
///     points: i32,
///     bonus: i32,
///     last_login: Option<DateTime<Utc>>,
/// }
///
/// let db = Database::connect("sqlite::memory:").await?;
/// db.create_tables([User::model()?]).await?;
/// let month_ago = Utc::now() - TimeDelta::days(30);
/// for (id, country) in [(1, "US"), (2, "CA"), (3, "FR")] {
///     let user = User { id, country: country.into(), points: 5, bonus: 7, last_login: Some(month_ago) };
///     User::objects(&db).create(user).await?;
/// }
///
/// let users = User::objects(&db);
/// assert_eq!(users.clone().filter(q!(country__in = ["US", "CA"], last_login__lte = month_ago)).count().await?, 2);
/// assert_eq!(users.clone().filter(q!(country = "US" | country = "FR", points__gt = 5)).count().await?, 1);
/// assert_eq!(users.clone().filter(q!(bonus__gt = F(points) + 1)).count().await?, 3);
/// assert_eq!(users.filter(q!(!(country = "US"), last_login__isnull = false)).count().await?, 2);
/// # Ok::<(), Error>(()) });
/// # #[cfg(feature = "sqlite")] fn tokio_test(f: impl Future<Output = enmasse::Result<()>>) {
/// #     tokio::runtime::Runtime::new().unwrap().block_on(f).unwrap()
/// # }
/// ```
pub use enmasse_macros::q;

/// ```
/// # #[cfg(feature = "sqlite")] tokio_test(async {
/// use enmasse::prelude::*;
///
/// #[derive(Model, Debug)]
/// struct User {
///     #[model(primary_key)]
///     id: i64,
///     points: i32,
///     nickname: Option<String>,
/// }
///
/// let db = Database::connect("sqlite::memory:").await?;
/// db.create_tables([User::model()?]).await?;
/// User::objects(&db).create(User { id: 1, points: 5, nickname: Some("Al".into()) }).await?;
///
/// let users = User::objects(&db);
/// users.clone().update(set!(points += 100, nickname = None)).await?;
/// users.clone().update(set!(points = F(points) * 2)).await?;
/// assert_eq!(users.get().await?.points, 210);
/// # Ok::<(), Error>(()) });
/// # #[cfg(feature = "sqlite")] fn tokio_test(f: impl Future<Output = enmasse::Result<()>>) {
/// #     tokio::runtime::Runtime::new().unwrap().block_on(f).unwrap()
/// # }
/// ```
pub use enmasse_macros::set;

/// ```
/// use enmasse::{Value, values};
///
/// assert_eq!(values!["Free", 5, None], [Value::Text("Free".into()), Value::Int(5), Value::Null]);
/// ```
pub use enmasse_macros::values;
