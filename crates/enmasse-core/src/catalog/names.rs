//! Names for fields and relations, as Django's `inspectdb` makes them.

use std::collections::HashSet;

/// A name without parts that would be ambiguous in lookups: no `__`, no trailing `_`.
pub(super) fn clean(name: &str) -> String {
    let mut clean = name.to_owned();
    while clean.contains("__") {
        clean = clean.replace("__", "_");
    }
    if clean.ends_with('_') {
        clean.push_str("field");
    }
    clean
}

/// The name, or the name with the first number that makes it unique.
pub(super) fn unused(name: String, used: &mut HashSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !used.contains(name));
    let free = free.unwrap_or(name);
    used.insert(free.clone());
    free
}
