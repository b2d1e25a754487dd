//! What is written to the log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use enmasse_core::value::DataType;
use enmasse_testing::{Kind, on_scratch, test_on};
use tracing::instrument::WithSubscriber;

use super::{connect, make_table, number, statement};
use crate::database::handle::Handle;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test_on(all)]
fn traces_statements_but_no_parameters(kind: Kind) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let subscriber = tracing::Dispatch::new(subscriber);
    on_scratch(kind, async |scratch| {
        let work = async {
            let db = connect(&scratch.url).await;
            make_table(&db).await;
            let executor = db.executor();
            let params = [number(1), ("hushhush".into(), DataType::TEXT)];
            let insert = statement(&executor, "INSERT INTO t (id, name) VALUES (?, ?)", params);
            executor.execute(&insert).await.unwrap();
            executor.execute(&insert).await.unwrap_err();
            db.close().await;
        };
        work.with_subscriber(subscriber).await;
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let ours: Vec<&str> =
            text.lines().filter(|line| line.contains("INSERT INTO t (id, name) VALUES (")).collect();
        let ran = |what: &str| {
            ours.iter().filter(|line| line.contains("enmasse: ran") && line.contains(what)).count()
        };
        assert!(ran("rows=1 elapsed_us=") <= 1 && ran("elapsed_us=") == 2, "{text}");
        assert!(ran("error=\"Integrity") == 1, "{text}");
        assert!(!text.contains("hush"), "{text}");
    });
}
