//! Parquet files that are damaged: all of a file is applied, or nothing.

use enmasse_testing::{Kind, test_on};

use crate::program::{Trial, on_trial};

const GOOD: &[u8] = include_bytes!("../data/good.parquet");
/// Its footer says that a row group has 2,936 rows, and it has 3,000.
const FEWER_ROWS: &[u8] = include_bytes!("../data/numrows.parquet");
/// Its footer says that a column has a length below zero, for which the library that reads it panics.
const NEGATIVE_LENGTH: &[u8] = include_bytes!("../data/panic.parquet");

async fn make(trial: &Trial<'_>) {
    trial.run("CREATE TABLE t (id BIGINT PRIMARY KEY, v BIGINT NOT NULL)").await;
    let numbers = (0..4_000).map(|id| format!("({id}, -1)")).collect::<Vec<_>>();
    trial.run(&format!("INSERT INTO t VALUES {}", numbers.join(","))).await;
}

async fn written(trial: &Trial<'_>) -> i64 {
    trial.number("SELECT count(*) FROM t WHERE v <> -1").await
}

/// What each way of applying the file says; it writes nothing.
async fn refused(trial: &Trial<'_>, file: &[u8], says: &str) {
    trial.write("f.parquet", file);
    for options in [&[][..], &["--strict"], &["--dry-run"], &["--diff", "d.csv", "--missing", "m.csv"]] {
        let said = trial.apply(["f.parquet", "--table", "t"].iter().chain(options)).failed(1);
        assert_eq!(said, says, "{options:?}");
        assert_eq!(written(trial).await, 0, "{options:?}");
        assert_eq!(trial.files(), ["f.parquet"], "{options:?}");
    }
}

#[test_on(all)]
fn a01_a_damaged_footer_writes_nothing(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        let says = "enmasse: f.parquet is damaged: column 'id' of its row group 2 lies outside of the file: \
                    -8030 bytes from byte 16062.\n";
        refused(trial, NEGATIVE_LENGTH, says).await;
        trial.write("f.parquet", GOOD);
        let counts = trial.apply(["f.parquet", "--table", "t"]).counts();
        assert_eq!(counts, "3,000 matched, 3,000 changed, 0 not in the table");
        assert_eq!(written(trial).await, 3_000);
    });
}

#[test_on(all)]
fn a02_a_row_group_that_says_fewer_rows_writes_nothing(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        let says = "enmasse: f.parquet is damaged: column 'id' of its row group 1 has 1000 values, and the group has 936 rows.\n";
        refused(trial, FEWER_ROWS, says).await;
    });
}
