//! Every lookup and transform in three forms: by typed columns, by keywords, and by name.
//!
//! A function of the row in Rust defines the expected rows.

use enmasse::chrono::{Datelike, Timelike};
use enmasse::prelude::*;
use enmasse::serde_json::{self, json};

use crate::common::{Kind, on_database, on_each_database};

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

/// Whether a database takes two texts for equal: the collations of MariaDB and MySQL know no case, and that of MariaDB no spaces at the end.
fn equal(kind: Kind, one: &str, other: &str) -> bool {
    match kind {
        Kind::Mysql => one.eq_ignore_ascii_case(other),
        Kind::MariaDb => one.trim_end_matches(' ').eq_ignore_ascii_case(other.trim_end_matches(' ')),
        _ => one == other,
    }
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

#[test]
fn lookups_of_text() {
    on_each_database(async |db| {
        let rows = table(&db).await;
        let (db, kind) = (&db, Kind::of(&db));
        for part in
            ["abc", "A", "a%", "%", "_", "\\", "", "'", "\"", "\n", "☃", "*", "?", "[", "c]", "{}", "--", "1"]
        {
            finds! { db, rows;
                text = part; |o| o.text.eq(part) => |row| equal(kind, &row.text, part);
                text__exact = part; |o| o.text.eq(part) => |row| equal(kind, &row.text, part);
                text__iexact = part; |o| o.text.iexact(part) => |row| lower(&row.text) == lower(part);
                text__contains = part; |o| o.text.contains(part) => |row| row.text.contains(part);
                text__icontains = part; |o| o.text.icontains(part) => |row| lower(&row.text).contains(&lower(part));
                text__startswith = part; |o| o.text.starts_with(part) => |row| row.text.starts_with(part);
                text__istartswith = part; |o| o.text.istarts_with(part) => |row| lower(&row.text).starts_with(&lower(part));
                text__endswith = part; |o| o.text.ends_with(part) => |row| row.text.ends_with(part);
                text__iendswith = part; |o| o.text.iends_with(part) => |row| lower(&row.text).ends_with(&lower(part));
                maybe__contains = part; |o| o.maybe.contains(part) => |row| row.maybe.as_ref().is_some_and(|text| text.contains(part));
                maybe__iendswith = part; |o| o.maybe.iends_with(part) =>
                    |row| row.maybe.as_ref().is_some_and(|text| lower(text).ends_with(&lower(part)));
            }
        }
        let none = Vec::<&str>::new();
        finds! { db, rows;
            text__regex = "^a.c$"; |o| o.text.regex("^a.c$") =>
                |row| row.text.len() == 3 && row.text.starts_with('a') && row.text.ends_with('c');
            text__iregex = "^a.c$"; |o| o.text.iregex("^a.c$") =>
                |row| row.text.len() == 3 && lower(&row.text).starts_with('a') && lower(&row.text).ends_with('c');
            text__regex = "[0-9]+%"; |o| o.text.regex("[0-9]+%") => |row| row.text == "100%";
            text__regex = r"\\"; |o| o.text.regex(r"\\") => |row| row.text.contains('\\');
            text__regex = r"a\.c"; |o| o.text.regex(r"a\.c") => |row| row.text == "a.c";
            text__regex = "^$"; |o| o.text.regex("^$") => |row| row.text.is_empty();
            text__regex = "^b"; |o| o.text.regex("^b") => |_| false;
            maybe__iregex = "B"; |o| o.maybe.iregex("B") => |row| row.maybe.as_ref().is_some_and(|text| lower(text).contains('b'));
            text__in = vec!["abc", "", "%", "abc", "x'y"]; |o| o.text.in_(["abc", "", "%", "x'y"]) =>
                |row| ["abc", "", "%", "x'y"].iter().any(|text| equal(kind, &row.text, text));
            text__in = none.clone(); |o| o.text.in_(none.clone()) => |_| false;
            maybe__isnull = true; |o| o.maybe.is_null(true) => |row| row.maybe.is_none();
            maybe__isnull = false; |o| o.maybe.is_null(false) => |row| row.maybe.is_some();
            maybe = None::<String>, by name Value::Null; |o| o.maybe.eq(None::<String>) => |row| row.maybe.is_none();
            level = Level::Gold; |o| o.level.eq(Level::Gold) => |row| row.level == Level::Gold;
            level__in = vec![Level::Free]; |o| o.level.in_([Level::Free]) => |row| row.level == Level::Free;
            blob = vec![4_u8]; |o| o.blob.eq(vec![4_u8]) => |row| row.blob == [4];
            token = Uuid::from_u128(9); |o| o.token.eq(Uuid::from_u128(9)) => |row| row.id == 3;
            token__in = vec![Uuid::nil(), Uuid::max()]; |o| o.token.in_([Uuid::nil()]) => |row| row.id == 0;
        }
    });
}

#[test]
fn lookups_of_numbers() {
    on_each_database(async |db| {
        let rows = table(&db).await;
        let db = &db;
        for number in [0, 7, -7, i32::MAX, i32::MIN] {
            let big = i64::from(number);
            finds! { db, rows;
                int = number; |o| o.int.eq(number) => |row| row.int == number;
                int__gt = number; |o| o.int.gt(number) => |row| row.int > number;
                int__gte = number; |o| o.int.gte(number) => |row| row.int >= number;
                int__lt = number; |o| o.int.lt(number) => |row| row.int < number;
                int__lte = number; |o| o.int.lte(number) => |row| row.int <= number;
                perhaps = number; |o| o.perhaps.eq(number) => |row| row.perhaps == Some(number);
                perhaps__gt = number; |o| o.perhaps.gt(number) => |row| row.perhaps.is_some_and(|int| int > number);
                perhaps__lte = number; |o| o.perhaps.lte(number) => |row| row.perhaps.is_some_and(|int| int <= number);
                big__lt = big; |o| o.big.lt(big) => |row| row.big < big;
                real__gte = f64::from(number); |o| o.real.gte(f64::from(number)) => |row| row.real >= f64::from(number);
                price__gt = Decimal::from(number); |o| o.price.gt(Decimal::from(number)) => |row| row.price > number.into();
            }
        }
        let price: Decimal = "10.5".parse().unwrap();
        let fine: Decimal = "-0.0005".parse().unwrap();
        finds! { db, rows;
            id = 3; |o| o.id.eq(3) => |row| row.id == 3;
            pk = 3; |o| o.id.eq(3) => |row| row.id == 3;
            pk__in = vec![1, 3, 3, 99]; |o| o.id.in_([1, 3, 99]) => |row| row.id == 1 || row.id == 3;
            int__in = vec![7, -7, 7]; |o| o.int.in_(vec![7, -7]) => |row| [7, -7].contains(&row.int);
            perhaps__in = vec![Some(7), None], by name vec![Value::Int(7), Value::Null]; |o| o.perhaps.in_([Some(7), None]) =>
                |row| row.perhaps == Some(7);
            int__range = (-1, 7), by name vec![-1, 7]; |o| o.int.range(-1..=7) => |row| (-1..=7).contains(&row.int);
            int__range = (7, -1), by name vec![7, -1]; |o| o.int.range((7, -1)) => |_| false;
            perhaps__range = (0, i32::MAX), by name vec![0, i32::MAX]; |o| o.perhaps.range(0..=i32::MAX) =>
                |row| row.perhaps.is_some_and(|int| int >= 0);
            perhaps__isnull = true; |o| o.perhaps.is_null(true) => |row| row.perhaps.is_none();
            big = i64::MAX; |o| o.big.eq(i64::MAX) => |row| row.big == i64::MAX;
            real = 0.1; |o| o.real.eq(0.1) => |row| row.real == 0.1;
            real__lt = -1e-301; |o| o.real.lt(-1e-301) => |row| row.real < -1e-301;
            real__in = vec![0.1, 1.5, 1e300]; |o| o.real.in_([0.1, 1.5, 1e300]) => |row| [0.1, 1.5, 1e300].contains(&row.real);
            price = price; |o| o.price.eq(price) => |row| row.price == price;
            price__in = vec![price, fine]; |o| o.price.in_([price, fine]) => |row| row.price == price;
            price__lt = fine; |o| o.price.lt(fine) => |row| row.price < fine;
            price__range = (fine, price), by name vec![fine, price]; |o| o.price.range(fine..=price) => |row| row.price >= fine && row.price <= price;
            flag = true; |o| o.flag.eq(true) => |row| row.flag;
            flag = false; |o| !o.flag => |row| !row.flag;
            flag__in = vec![true, false]; |o| o.flag.in_([true, false]) => |_| true;
        }
    });
}

#[test]
fn numbers_that_a_column_cannot_hold_match_nothing_or_all() {
    on_each_database(async |db| {
        table(&db).await;
        let all: Vec<i64> = (0..24).collect();
        let known: Vec<i64> = all.iter().copied().filter(|id| id % 4 != 0).collect();
        let above = i64::from(i32::MAX) + 1;
        let cases: [(&str, Value, &[i64]); 12] = [
            ("int", above.into(), &[]),
            ("int__gt", above.into(), &[]),
            ("int__lt", above.into(), &all),
            ("int__lte", i64::MAX.into(), &all),
            ("int__gte", i64::MIN.into(), &all),
            ("int__lt", i64::MIN.into(), &[]),
            ("perhaps__lt", above.into(), &known),
            ("perhaps__gt", (-above - 1).into(), &known),
            ("int", 0.5.into(), &[]),
            ("int", "9999999999999999999999".into(), &[]),
            ("big__lt", "9999999999999999999999".into(), &all),
            ("perhaps__gt", f64::NEG_INFINITY.into(), &known),
        ];
        for (keyword, value, ids) in cases {
            let what = format!("{keyword} = {value:?}");
            assert_eq!(
                found(Odd::objects(&db).filter_by(Q::named(keyword, value)), &what).await,
                ids,
                "{what}"
            );
        }
        let some = Odd::objects(&db).filter_by(Q::named("int__in", vec![7, above, i64::MIN]));
        assert_eq!(found(some, "in").await, [3, 11, 19]);
        let half = Odd::objects(&db).filter_by(Q::named("int__gt", 6.5) & Q::named("int__lt", 7.5));
        assert_eq!(found(half, "6.5").await, [3, 11, 19]);
        let except = Odd::objects(&db).exclude_by(Q::named("perhaps", above));
        assert_eq!(found(except, "exclude").await, all, "no row is equal to it, those that are NULL neither");
    });
}

#[test]
fn lookups_of_dates_and_times() {
    on_each_database(async |db| {
        let rows = table(&db).await;
        let db = &db;
        let day = NaiveDate::from_ymd_opt(2024, 12, 31).unwrap();
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap();
        let naive = moment("2024-12-31T23:59:59.5");
        let utc = naive.and_utc();
        let lag = TimeDelta::microseconds(1_500_000);
        let is = |row: &Odd, holds: &dyn Fn(DateTime<Utc>) -> bool| row.at.is_some_and(holds);
        finds! { db, rows;
            at = utc; |o| o.at.eq(utc) => |row| row.at == Some(utc);
            at__lt = utc; |o| o.at.lt(utc) => |row| is(row, &|at| at < utc);
            at__gte = utc; |o| o.at.gte(utc) => |row| is(row, &|at| at >= utc);
            at__isnull = true; |o| o.at.is_null(true) => |row| row.at.is_none();
            at__in = vec![utc, utc]; |o| o.at.in_([utc]) => |row| row.at == Some(utc);
            naive = naive; |o| o.naive.eq(naive) => |row| row.naive == naive;
            naive__gt = naive; |o| o.naive.gt(naive) => |row| row.naive > naive;
            naive__in = vec![naive]; |o| o.naive.in_([naive]) => |row| row.naive == naive;
            date = day; |o| o.date.eq(day) => |row| row.date == day;
            date__lte = day; |o| o.date.lte(day) => |row| row.date <= day;
            date__in = vec![day]; |o| o.date.in_([day]) => |row| row.date == day;
            time__gt = noon; |o| o.time.gt(noon) => |row| row.time > noon;
            time__in = vec![noon, naive.time()]; |o| o.time.in_([noon, naive.time()]) => |row| row.time == naive.time();
            lag = lag; |o| o.lag.eq(lag) => |row| row.lag == lag;
            lag__lt = TimeDelta::zero(); |o| o.lag.lt(TimeDelta::zero()) => |row| row.lag < TimeDelta::zero();
            lag__in = vec![lag, TimeDelta::days(1)]; |o| o.lag.in_([lag]) => |row| row.lag == lag;

            at__date = day; |o| o.at.date().eq(day) => |row| is(row, &|at| at.date_naive() == day);
            at__date__lt = day; |o| o.at.date().lt(day) => |row| is(row, &|at| at.date_naive() < day);
            at__time = naive.time(); |o| o.at.time().eq(naive.time()) => |row| is(row, &|at| at.time() == naive.time());
            at__time__gte = noon; |o| o.at.time().gte(noon) => |row| is(row, &|at| at.time() >= noon);
            naive__time__lt = noon; |o| o.naive.time().lt(noon) => |row| row.time < noon;
        }
        for year in [0, 1, 1969, 2020, 2023, 2024, 2025, 9_999, 10_000] {
            finds! { db, rows;
                at__year = year; |o| o.at.year().eq(year) => |row| is(row, &|at| at.year() == year);
                at__year__gt = year; |o| o.at.year().gt(year) => |row| is(row, &|at| at.year() > year);
                at__year__lte = year; |o| o.at.year().lte(year) => |row| is(row, &|at| at.year() <= year);
                naive__year__gte = year; |o| o.naive.year().gte(year) => |row| row.naive.year() >= year;
                date__year = year; |o| o.date.year().eq(year) => |row| row.date.year() == year;
                date__year__lt = year; |o| o.date.year().lt(year) => |row| row.date.year() < year;
                date__year__in = vec![year, 2024]; |o| o.date.year().in_([year, 2024]) => |row| [year, 2024].contains(&row.date.year());
                date__iso_year = year; |o| o.date.iso_year().eq(year) => |row| row.date.iso_week().year() == year;
                at__iso_year__gte = year; |o| o.at.iso_year().gte(year) => |row| is(row, &|at| at.iso_week().year() >= year);
            }
        }
        for number in [0, 1, 2, 3, 4, 7, 12, 20, 23, 29, 30, 31, 40, 52, 53, 59] {
            let n = number as u32;
            finds! { db, rows;
                at__month = number; |o| o.at.month().eq(number) => |row| is(row, &|at| at.month() == n);
                date__month__gte = number; |o| o.date.month().gte(number) => |row| row.date.month() >= n;
                naive__day = number; |o| o.naive.day().eq(number) => |row| row.naive.day() == n;
                at__day__lt = number; |o| o.at.day().lt(number) => |row| is(row, &|at| at.day() < n);
                date__week = number; |o| o.date.week().eq(number) => |row| row.date.iso_week().week() == n;
                at__week = number; |o| o.at.week().eq(number) => |row| is(row, &|at| at.iso_week().week() == n);
                date__week_day = number; |o| o.date.week_day().eq(number) => |row| row.date.weekday().number_from_sunday() == n;
                at__week_day = number; |o| o.at.week_day().eq(number) => |row| is(row, &|at| at.weekday().number_from_sunday() == n);
                date__iso_week_day = number; |o| o.date.iso_week_day().eq(number) => |row| row.date.weekday().number_from_monday() == n;
                date__quarter = number; |o| o.date.quarter().eq(number) => |row| row.date.month().div_ceil(3) == n;
                at__quarter__gt = number; |o| o.at.quarter().gt(number) => |row| is(row, &|at| at.month().div_ceil(3) > n);
                at__hour = number; |o| o.at.hour().eq(number) => |row| is(row, &|at| at.hour() == n);
                time__hour__lte = number; |o| o.time.hour().lte(number) => |row| row.time.hour() <= n;
                time__minute = number; |o| o.time.minute().eq(number) => |row| row.time.minute() == n;
                naive__second = number; |o| o.naive.second().eq(number) => |row| row.naive.second() == n;
                time__second__gt = number; |o| o.time.second().gt(number) => |row| row.time.second() > n;
            }
        }
    });
}

#[test]
fn fields_are_compared_with_fields() {
    on_each_database(async |db| {
        let rows = table(&db).await;
        let found = async |condition: Q| found(Odd::objects(&db).filter_by(condition), "F").await;
        let of = |holds: &dyn Fn(&Odd) -> bool| {
            rows.iter().filter(|row| holds(row)).map(|row| row.id).collect::<Vec<_>>()
        };
        let o = <Odd as Entity>::columns(enmasse::Path::root());
        assert_eq!(found(o.perhaps.eq(o.int)).await, of(&|row| row.perhaps == Some(row.int)));
        assert_eq!(
            found(q!(Odd: perhaps__gt = F(int))(o)).await,
            of(&|row| row.perhaps.is_some_and(|it| it > row.int))
        );
        assert_eq!(
            found(Q::named("perhaps__lt", F("int"))).await,
            of(&|row| row.perhaps.is_some_and(|it| it < row.int))
        );
        assert_eq!(
            found(o.perhaps.ne(o.int)).await,
            of(&|row| row.perhaps != Some(row.int)),
            "NULL is not equal"
        );
        assert_eq!(found(o.big.gt(o.int)).await, of(&|row| row.big > row.int.into()));
        assert_eq!(found((o.id * 2).gt(o.id + 20)).await, [21, 22, 23]);
        assert_eq!(found(o.price.eq(o.price.round())).await, of(&|row| row.price == row.price.round()));
        assert_eq!(
            found(o.text.contains(o.maybe)).await,
            of(&|row| row.maybe.as_ref().is_some_and(|it| row.text.contains(it)))
        );
        assert_eq!(found(o.text.upper().eq("A%")).await, of(&|row| row.text == "A%"));
        assert_eq!(
            found(o.text.length().range(4..=9)).await,
            of(&|row| (4..=9).contains(&row.text.chars().count()))
        );
        assert_eq!(
            found(o.int.range((o.perhaps, 10))).await,
            of(&|row| row.perhaps.is_some_and(|it| it <= row.int) && row.int <= 10)
        );
        assert_eq!(found(o.int.in_([o.perhaps, o.perhaps])).await, of(&|row| row.perhaps == Some(row.int)));
        assert_eq!(found(o.naive.date().lt(o.date)).await, Vec::<i64>::new());
    });
}

#[test]
fn conditions_are_joined() {
    on_each_database(async |db| {
        let rows = table(&db).await;
        let all = || Odd::objects(&db);
        let of = |holds: &dyn Fn(&Odd) -> bool| {
            rows.iter().filter(|row| holds(row)).map(|row| row.id).collect::<Vec<_>>()
        };
        type Holds<'a> = &'a dyn Fn(&Odd) -> bool;
        let joined: [(&str, QuerySet<Odd>, Holds<'_>); 14] = [
            ("and", all().filter(q!(flag = true, int__gt = 0)), &|row| row.flag && row.int > 0),
            ("or", all().filter(q!(flag = true | int__gt = 0)), &|row| row.flag || row.int > 0),
            ("xor", all().filter(q!(flag = true ^ int__gt = 0)), &|row| row.flag != (row.int > 0)),
            ("xor of three", all().filter(|o| o.flag ^ o.int.gt(0) ^ o.id.lt(9)), &|row| {
                row.flag ^ (row.int > 0) ^ (row.id < 9)
            }),
            ("not", all().filter(q!(!(flag = true | int__gt = 0))), &|row| !(row.flag || row.int > 0)),
            ("not not", all().filter(|o| !!o.flag.eq(true)), &|row| row.flag),
            // With NULL: a comparison with it does not hold, and so its contrary does.
            ("not of NULL", all().filter(|o| !o.perhaps.gt(0)), &|row| row.perhaps.is_none_or(|it| it <= 0)),
            ("or with NULL", all().exclude(q!(perhaps = 7 | int = 7)), &|row| {
                row.perhaps != Some(7) && row.int != 7
            }),
            ("and with NULL", all().exclude(q!(perhaps = 7, int = 7)), &|row| {
                !(row.perhaps == Some(7) && row.int == 7)
            }),
            ("xor with NULL", all().filter(|o| o.perhaps.gt(0) ^ o.flag), &|row| {
                row.perhaps.is_some_and(|it| it > 0) ^ row.flag
            }),
            ("not xor with NULL", all().filter(|o| !(o.perhaps.gt(0) ^ o.flag)), &|row| {
                !(row.perhaps.is_some_and(|it| it > 0) ^ row.flag)
            }),
            (
                "twice",
                all().filter(q!(flag = true)).exclude(q!(perhaps__isnull = true)).filter(q!(id__lt = 9)),
                &|row| row.flag && row.perhaps.is_some() && row.id < 9,
            ),
            ("nothing", all().filter(q!()).filter_by(Q::all()).filter(|_| Q::Or(vec![])), &|_| true),
            (
                "none of nothing",
                all().filter(|o| !o.id.in_(Vec::<i64>::new()) & (o.flag | o.id.in_(Vec::<i64>::new()))),
                &|row| row.flag,
            ),
        ];
        for (what, query, holds) in joined {
            assert_eq!(found(query, what).await, of(holds), "{what}");
        }
    });
}

#[test]
fn lists_of_any_length() {
    on_each_database(async |db| {
        table(&db).await;
        let all = || Odd::objects(&db);
        let many: Vec<i64> = (10..100_010).collect();
        let expected: Vec<i64> = (10..24).collect();
        assert_eq!(found(all().filter(q!(id__in = &many)), "ids").await, expected);
        assert_eq!(found(all().exclude(q!(id__in = &many)), "others").await, (0..10).collect::<Vec<_>>());
        assert_eq!(all().filter(q!(id__in = &many)).update(set!(flag = true)).await.unwrap(), 14);
        let texts: Vec<String> =
            (0..100_000).map(|number| format!("no {number}")).chain(["a%c".into(), "{}".into()]).collect();
        assert_eq!(found(all().filter(q!(text__in = &texts)), "texts").await, [5, 22]);
        let tokens: Vec<Uuid> = (0..100_000).map(|number| Uuid::from_u128(number * 9)).collect();
        assert_eq!(
            found(all().filter(q!(token__in = &tokens)), "tokens").await,
            [0, 3, 6, 9, 12, 15, 18, 21]
        );
        let prices: Vec<Decimal> = (0..70_000).map(|number| Decimal::new(number, 1)).collect();
        let found_prices = found(all().filter(q!(price__in = &prices)), "prices").await;
        assert_eq!(found_prices, [0, 2, 3, 5, 7, 8, 10, 11, 13, 15, 16, 18, 19, 21, 23]);
        let moments: Vec<NaiveDateTime> =
            (0..70_000).map(|hours| moment("2020-01-01T00:00:00") + TimeDelta::hours(hours)).collect();
        assert_eq!(found(all().filter(q!(naive__in = &moments)), "moments").await, [1, 4, 9, 12, 17, 20]);
    });
}

#[test]
fn orders_and_distinct_rows() {
    on_each_database(async |db| {
        let rows = table(&db).await;
        let all = || Odd::objects(&db);
        let mut sorted = rows.clone();
        sorted.sort_by_key(|row| (row.int, std::cmp::Reverse(row.id)));
        let ids: Vec<_> = sorted.iter().map(|row| row.id).collect();
        assert_eq!(all().order_by(|o| (o.int, o.id.desc())).values(|o| o.id).await.unwrap(), ids);
        assert_eq!(all().order_by_names(["int", "-id"]).values(|o| o.id).await.unwrap(), ids);
        assert_eq!(
            all().order_by(|o| o.id).order_by(|o| (o.int, o.id.desc())).values(|o| o.id).await.unwrap(),
            ids
        );
        sorted.sort_by_key(|row| (row.date, row.id));
        let ids: Vec<_> = sorted.iter().map(|row| row.id).collect();
        assert_eq!(all().order_by(|o| (o.date, o.id)).values(|o| o.id).await.unwrap(), ids);
        let years = all().distinct().order_by(|o| o.date.year()).values(|o| o.date.year()).await.unwrap();
        assert_eq!(years, [1, 1969, 2021, 2023, 2024, 2025].map(Some));
        assert_eq!(all().distinct().count().await.unwrap(), 24);
        let error = all().order_by_names(["nmae"]).fetch().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownField, "{error}");
    });
}

#[test]
fn distinct_on_is_for_postgresql() {
    for kind in Kind::ALL {
        on_database(kind, async |db| {
            table(&db).await;
            let query = Odd::objects(&db).distinct_on(|o| o.flag).order_by(|o| (o.flag, o.id.desc()));
            let ids = query.values(|o| o.id).await;
            match kind {
                Kind::Postgres => assert_eq!(ids.unwrap(), [23, 22]),
                _ => assert_eq!(ids.unwrap_err().kind(), ErrorKind::NotSupported),
            }
        });
    }
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "document")]
struct Document {
    #[model(primary_key)]
    id: i64,
    data: Option<serde_json::Value>,
}

#[test]
fn lookups_of_json() {
    on_each_database(async |db| {
        db.create_tables([Document::model().unwrap()]).await.unwrap();
        let documents = [
            None,
            Some(json!(null)),
            Some(json!({"a": 1, "b": "x", "c": {"d": [1, 2, "three"], "e'\"": true}})),
            Some(json!({"a": 1.5, "b": "X", "c": {}})),
            Some(json!({"a": "1", "b": null})),
            Some(json!([1, "a", {"a": 1}])),
            Some(json!("a")),
            Some(json!({"a": {"a": 1}, "0": "zero"})),
            Some(json!(12)),
            Some(json!({"a": true, "b": "x%_\\"})),
        ];
        let rows = documents.into_iter().zip(0..).map(|(data, id)| Document { id, data });
        Document::objects(&db).bulk_create(rows).await.unwrap();
        let all = || Document::objects(&db).order_by(|d| d.id);
        macro_rules! finds {
            ($($keyword:tt $([$($step:tt)+])* $($lookup:ident)? = $value:expr; $name:literal = $named:expr => $ids:expr;)*) => {$({
                let what = $name;
                let expected: Vec<i64> = $ids.into();
                let ids = all().filter(q!($keyword $([$($step)+])* $($lookup)? = $value)).values(|d| d.id).await;
                assert_eq!(ids.unwrap_or_else(|error| panic!("q! {what}: {error}")), expected, "q! {what}");
                let ids = all().filter_by(Q::named(what, $named)).values(|d| d.id).await;
                assert_eq!(ids.unwrap_or_else(|error| panic!("{what}: {error}")), expected, "{what}");
            })*};
        }
        finds! {
            data["a"] = 1; "data__a" = 1 => [2];
            data["a"] = "1"; "data__a" = "1" => [4];
            data["a"] = true; "data__a" = true => [9];
            data["a"] = json!({"a": 1}); "data__a" = json!({"a": 1}) => [7];
            data["a"]["a"] = 1; "data__a__a" = 1 => [7];
            data["a"]__gt = 1; "data__a__gt" = 1 => [3];
            data["a"]__gte = 1.0; "data__a__gte" = 1.0 => [2, 3];
            data["a"]__lt = 1.5; "data__a__lt" = 1.5 => [2];
            data["a"]__in = [1, 2]; "data__a__in" = vec![1, 2] => [2];
            data["a"]__isnull = true; "data__a__isnull" = true => [0, 1, 5, 6, 8];
            data["a"]__isnull = false; "data__a__isnull" = false => [2, 3, 4, 7, 9];
            data["b"] = serde_json::Value::Null; "data__b" = serde_json::Value::Null => [4];
            data["b"]__icontains = "X"; "data__b__icontains" = "X" => [2, 3, 9];
            data["b"]__icontains = "x%_\\"; "data__b__icontains" = "x%_\\" => [9];
            data["b"]__startswith = "x"; "data__b__startswith" = "x" => [2, 9];
            data["b"]__in = ["x", "X", "y"]; "data__b__in" = vec!["x", "X", "y"] => [2, 3];
            data["c"]["d"][1] = 2; "data__c__d__1" = 2 => [2];
            data["c"]["d"][2] = "three"; "data__c__d__2" = "three" => [2];
            data["c"]["e'\""] = true; "data__c__e'\"" = true => [2];
            data["c"] = json!({}); "data__c" = json!({}) => [3];
            data[0] = 1; "data__0" = 1 => [5];
            data__exact = json!("a"); "data" = json!("a") => [6];
            data__exact = json!({"c": {}, "b": "X", "a": 1.5}); "data__exact" = json!({"c": {}, "b": "X", "a": 1.5}) => [3];
            data__isnull = true; "data__isnull" = true => [0];
            data__has_key = "b"; "data__has_key" = "b" => [2, 3, 4, 9];
            data__has_key = "0"; "data__has_key" = "0" => [7];
            data["c"]__has_key = "e'\""; "data__c__has_key" = "e'\"" => [2];
            data__has_keys = ["a", "b"]; "data__has_keys" = vec!["a", "b"] => [2, 3, 4, 9];
            data__has_keys = ["a", "c"]; "data__has_keys" = vec!["a", "c"] => [2, 3];
            data__has_any_keys = ["c", "0"]; "data__has_any_keys" = vec!["c", "0"] => [2, 3, 7];
        }
        // PostgreSQL counts the texts in an array, and a text, as keys too.
        let with_key =
            if Kind::of(&db) == Kind::Postgres { vec![2, 3, 4, 5, 6, 7, 9] } else { vec![2, 3, 4, 7, 9] };
        assert_eq!(all().filter(q!(data__has_key = "a")).values(|d| d.id).await.unwrap(), with_key);
        let others = all().exclude(q!(data["a"] = 1)).values(|d| d.id).await.unwrap();
        assert_eq!(others, [0, 1, 3, 4, 5, 6, 7, 8, 9]);
        let contained = [
            (Q::named("data__contains", json!({"b": "x"})), vec![2]),
            (Q::named("data__contains", json!({"c": {"d": [2]}})), vec![2]),
            (Q::named("data__contained_by", json!({"a": 1.5, "b": "X", "c": {}, "z": 1})), vec![3]),
        ];
        for (condition, expected) in contained {
            let ids = all().filter_by(condition).values(|d| d.id).await;
            match Kind::of(&db) {
                Kind::Sqlite => assert_eq!(ids.unwrap_err().kind(), ErrorKind::NotSupported),
                _ => assert_eq!(ids.unwrap(), expected),
            }
        }
        assert_eq!(all().filter(q!(data["a"] = 1)).update(|d| d.data.set(d.data.key("c"))).await.unwrap(), 1);
        let read = all().filter(q!(id = 2)).get().await.unwrap();
        assert_eq!(read.data, Some(json!({"d": [1, 2, "three"], "e'\"": true})));
    });
}
