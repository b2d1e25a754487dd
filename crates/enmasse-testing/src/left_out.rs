//! What is not tested is said.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;

/// Says that something is not tested, also to `scripts/with-databases`.
///
/// # Panics
///
/// Where `CI` is set: there, nothing is left out.
pub fn leave_out(what: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let is_new = SAID.lock().expect("what has been said").insert(what.to_owned());
    if is_new {
        say(what);
        list(what);
    }
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!in_ci, "nothing is left out where CI is set: {what}");
}

/// Adds it to the list that `scripts/with-databases` shows at the end.
fn list(what: &str) {
    if let Some(list) = std::env::var_os("ENMASSE_TEST_LEFT_OUT") {
        let mut list =
            std::fs::OpenOptions::new().append(true).open(list).expect("the list of what is left out");
        writeln!(list, "{what}").expect("the list of what is left out");
    }
}

/// Says it where the output of tests is not captured.
pub(crate) fn say(what: &str) {
    writeln!(std::io::stderr(), "NOT TESTED: {what}").expect("the standard error");
}
