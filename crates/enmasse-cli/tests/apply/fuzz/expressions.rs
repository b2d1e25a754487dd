//! Damaged lookups and expressions.

use enmasse_testing::{Kind, test_on};

use super::random::Random;
use super::{Ran, kept, runs, seed};
use crate::program::{Trial, enmasse, on_trial};

const WHERE: [&str; 14] = [
    "id=1",
    "name__icontains=a",
    "name__in='a,b',c",
    "points__range=1,20",
    "points__gte=10",
    "made__year=2024",
    "made__lt=2024-02-29",
    "seen__gte=2024-01-01 09:30+02",
    "name__isnull=true",
    "name__iregex=^a.*b$",
    "name__startswith='it''s'",
    "price__lte=12.50",
    "seen__date=2024-01-31",
    "points__in=1,2,3",
];

const SET: [&str; 12] = [
    "points=F(points) + 1",
    "name=Concat(F(name), ' ', 'x')",
    "name=Upper(Substr(F(name), 1, 3))",
    "points=Coalesce(F(points), 0) * 2 - 100",
    "price=Round(F(price) * 1.1, 2)",
    "name='NULL'",
    "name=NULL",
    "made=2024-02-29",
    "seen=Now()",
    "points=Greatest(Abs(F(points)), Least(1, 2))",
    "seen=F(seen) + Duration('30 00:00:00')",
    "points=NullIf(F(points), 5)",
];

const WORDS: [&[u8]; 26] = [
    b"'",
    b"''",
    b"(",
    b")",
    b",",
    b"=",
    b"__",
    b"F(points)",
    b"F(",
    b"NULL",
    b"\\",
    b"%",
    b"_",
    b"-",
    b"/ 0",
    b"9999999999999999999",
    b"1e400",
    b"[",
    b"(((((((((((((((((((((((((((((((((",
    b"\xc3\xa9",
    b"\xf0\x9f\x98\x80",
    b";",
    b"--",
    b"\n",
    b"NaN",
    b"0001-01-01",
];

#[test_on(all)]
fn a_damaged_expression_changes_nothing_where_it_is_refused(kind: Kind) {
    on_trial(kind, async |trial| {
        let moment = match trial.kind {
            Kind::Postgres => "timestamp with time zone",
            _ => "datetime",
        };
        trial
            .run(&format!(
                "CREATE TABLE t (id integer PRIMARY KEY, name varchar(20), points integer, price decimal(8, 2), made date, seen {moment})"
            ))
            .await;
        let rows = (1..=20).map(|id| {
            format!("({id}, 'a{id}b', {id}, {id}.5, '2024-02-{id:02}', '2024-01-{id:02} 09:30:00')")
        });
        let insert = format!("INSERT INTO t VALUES {}", rows.collect::<Vec<_>>().join(","));
        trial.run(&insert).await;
        let before = all(trial).await;
        let mut wrong = Vec::new();
        for case in 0..runs() {
            let mut random = Random::of(seed(), case);
            let mut texts = [random.one(&WHERE).as_bytes().to_vec(), random.one(&SET).as_bytes().to_vec()];
            let damaged = random.below(3);
            for (number, text) in texts.iter_mut().enumerate() {
                if damaged == 2 || damaged == number {
                    random.damage(text, &WORDS);
                }
                // no argument of a program has a zero in it
                text.retain(|byte| *byte != 0);
            }
            let [condition, set] = texts.map(|text| String::from_utf8_lossy(&text).into_owned());
            let mut command = enmasse();
            command.args(["update", "--table", "t", "--where", &condition, "--set", &set]);
            command.env("DATABASE_URL", trial.url).current_dir(trial.folder());
            let ran = Ran::of(command);
            let mut problem = ran.fault();
            let after = all(trial).await;
            if ran.code == Some(0) {
                trial.run("DELETE FROM t").await;
                trial.run(&insert).await;
            } else if after != before {
                problem = Some("it failed, and the table is another".to_owned());
            }
            if let Some(problem) = problem {
                let place = kept(
                    &format!("{:?}-{}-{case}.txt", trial.kind, seed()),
                    format!("{condition}\n{set}\n").as_bytes(),
                );
                wrong.push(format!(
                    "{:?}, seed {}, case {case}: {problem}\n{}\n--where {condition:?} --set {set:?}\n{}",
                    trial.kind,
                    seed(),
                    place.display(),
                    ran.err.chars().take(2_000).collect::<String>()
                ));
            }
        }
        assert!(wrong.is_empty(), "{} of {}:\n\n{}", wrong.len(), runs(), wrong.join("\n\n"));
    });
}

async fn all(trial: &Trial<'_>) -> String {
    trial.query("SELECT * FROM t ORDER BY id").await
}
