//! Lookups of texts, numbers, dates and times.

use enmasse::chrono::{Datelike, Timelike};
use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

use super::{Level, Odd, equal, found, moment, table};

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

#[test_on(all)]
fn lookups_of_text(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn lookups_of_numbers(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn numbers_that_a_column_cannot_hold_match_nothing_or_all(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn lookups_of_dates_and_times(kind: Kind) {
    on_database(kind, async |db| {
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
