//! Every lookup and transform in three forms: by typed columns, by keywords, and by name.
//!
//! A function of the row in Rust defines the expected rows.

/// `keyword = value` by keyword and by name, and the typed condition, each in `filter` and in `exclude`: the
/// rows for which the function is true, and those for which it is false. A function that returns an `Option`
/// returns `None` for a NULL column: the lookup is then false, and, as in Django, `exclude` keeps the row.
macro_rules! finds {
    ($db:expr, $rows:expr; $($keyword:ident = $value:expr $(, by name $named:expr)?; $typed:expr => $holds:expr;)*) => {$({
        let what = format!("{} = {} on {}", stringify!($keyword), stringify!($value), $db.name());
        let holds: &dyn Fn(&Odd) -> bool = &$holds;
        let (passing, others): (Vec<_>, Vec<_>) = $rows.iter().partition(|row| holds(row));
        let ids = |rows: Vec<&Odd>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
        let (passing, others) = (ids(passing), ids(others));
        let all = || Odd::objects($db);
        assert_eq!(found(all().filter($typed), &what).await, passing, "typed {what}");
        assert_eq!(found(all().filter(q!($keyword = $value)), &what).await, passing, "q! {what}");
        let named = || finds!(@named $keyword, $value $(, $named)?);
        assert_eq!(found(all().filter_by(named()), &what).await, passing, "by name {what}");
        assert_eq!(found(all().exclude($typed), &what).await, others, "typed, excluded {what}");
        assert_eq!(found(all().exclude(q!($keyword = $value)), &what).await, others, "q!, excluded {what}");
        assert_eq!(found(all().exclude_by(named()), &what).await, others, "by name, excluded {what}");
    })*};
    (@named $keyword:ident, $value:expr) => { Q::named(stringify!($keyword), $value) };
    (@named $keyword:ident, $value:expr, $named:expr) => { Q::named(stringify!($keyword), $named) };
}

mod conditions;
mod documents;
mod values;

use enmasse::prelude::*;
use enmasse_testing::Kind;

#[derive(Choices, Clone, Copy, Debug, PartialEq)]
enum Level {
    Free,
    Gold,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "odd")]
struct Odd {
    #[model(primary_key)]
    id: i64,
    text: String,
    maybe: Option<String>,
    int: i32,
    perhaps: Option<i32>,
    big: i64,
    real: f64,
    #[model(max_digits = 12, decimal_places = 3)]
    price: Decimal,
    flag: bool,
    at: Option<DateTime<Utc>>,
    naive: NaiveDateTime,
    date: NaiveDate,
    time: NaiveTime,
    lag: TimeDelta,
    token: Uuid,
    #[model(max_length = 10)]
    level: Level,
    blob: Vec<u8>,
}

const TEXTS: [&str; 24] = [
    "",
    " ",
    "abc",
    "ABC",
    "aBc ",
    "a%c",
    "a_c",
    "a\\c",
    "axc",
    "a.c",
    "A%",
    "100%",
    "x'y",
    "x\"y",
    "line\nbreak",
    "ß☃😀",
    "[a-c]",
    "*",
    "?",
    "^a",
    "a$",
    "(",
    "{}",
    "-- x",
];

const MOMENTS: [&str; 8] = [
    "2024-02-29T23:59:59.999999",
    "2023-12-31T00:00:00", // a Sunday, of the last week of 2023
    "2024-12-30T12:30:15", // a Monday, of the first week of 2025
    "2024-12-31T23:59:59.5",
    "2025-01-01T00:00:00",
    "1969-07-20T20:17:40.123456",
    "2021-01-03T06:00:01", // a Sunday, of the last week of 2020
    "0001-01-01T00:00:00",
];

fn moment(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn rows() -> Vec<Odd> {
    let ints = [0, 1, -1, 7, -7, i32::MAX, i32::MIN, 8];
    let reals = [0.0, -1.5, 1.5, 0.1, 1e300, -1e-300, 3.0, 2.5];
    let prices = ["0", "-0.001", "10.5", "10.500", "999999999.999", "1", "-10.5", "2"];
    let row = |number: usize| {
        let at = moment(MOMENTS[number % 8]);
        Odd {
            id: number as i64,
            text: TEXTS[number].into(),
            maybe: (!number.is_multiple_of(3)).then(|| TEXTS[23 - number].into()),
            int: ints[number % 8],
            perhaps: (!number.is_multiple_of(4)).then_some(ints[number / 3]),
            big: [i64::MIN, -1, 0, i64::MAX][number % 4],
            real: reals[number % 8],
            price: prices[number % 8].parse().unwrap(),
            flag: number.is_multiple_of(2),
            at: (!number.is_multiple_of(5)).then(|| at.and_utc()),
            naive: at,
            date: at.date(),
            time: at.time(),
            lag: TimeDelta::microseconds([-1, 0, 1_500_000, i64::MIN][number % 4]),
            token: Uuid::from_u128(number as u128 * 3),
            level: if number < 5 { Level::Free } else { Level::Gold },
            blob: vec![number as u8; number % 3],
        }
    };
    (0..24).map(row).collect()
}

async fn table(db: &Database) -> Vec<Odd> {
    db.create_tables([Odd::model().unwrap()]).await.unwrap();
    Odd::objects(db).bulk_create(rows()).await.unwrap()
}

async fn found(rows: QuerySet<Odd>, what: &str) -> Vec<i64> {
    let found = rows.order_by(|o| o.id).values(|o| o.id).await;
    found.unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Whether a database takes two texts for equal: the collations of MariaDB and MySQL know no case, and that of MariaDB no spaces at the end.
fn equal(kind: Kind, one: &str, other: &str) -> bool {
    match kind {
        Kind::Mysql => one.eq_ignore_ascii_case(other),
        Kind::MariaDb => one.trim_end_matches(' ').eq_ignore_ascii_case(other.trim_end_matches(' ')),
        _ => one == other,
    }
}
