//! What SQLite, MariaDB and MySQL have in common about JSON.

use crate::query::JsonStep;
use crate::sql::Fragment;
use crate::value::json::write_json;

/// A comparison that holds only for what is of a JSON type, and is not known where nothing stands. The test is `= 'STRING'`.
pub(super) fn guarded(kind: Fragment, test: &str, compared: Fragment) -> Fragment {
    Fragment::format(&format!("({{}} {test} AND {{}})"), [kind, compared])
}

/// `$."key"[0]`. `from_end` writes the index of a negative one: -1 is the last.
///
/// A key of digits is an element of an array, as in Django; the last key, if one is given apart, is one of an object
/// whatever it looks like.
pub(super) fn json_path(
    steps: &[JsonStep],
    last_key: Option<&str>,
    from_end: impl Fn(i64) -> String,
) -> String {
    let mut path = "$".to_owned();
    let index = |path: &mut String, index: i64| {
        let index = if index < 0 { from_end(index) } else { index.to_string() };
        path.push_str(&format!("[{index}]"));
    };
    for step in steps {
        match step {
            JsonStep::Index(number) => index(&mut path, *number),
            JsonStep::Key(key) => match key.parse() {
                Ok(number) => index(&mut path, number),
                Err(_) => push_key(&mut path, key),
            },
        }
    }
    if let Some(key) = last_key {
        push_key(&mut path, key);
    }
    path
}

fn push_key(path: &mut String, key: &str) {
    path.push('.');
    path.push_str(&write_json(&key.into()));
}
