//! The modules of the core, and those of the crate, are in layers: each uses those below it, and none above.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The core, from the bottom. The modules of one floor may use each other: an error names values, and a value that does not fit is an error.
const CORE: [&[&str]; 11] = [
    &["error", "shorten", "value"],
    &["schema"],
    &["query"],
    &["sql"],
    &["dialect"],
    &["catalog"],
    &["compile"],
    &["encode"],
    &["plan"],
    &["run"],
    &["backfill"],
];

/// The crate, from the bottom.
const CRATE: [&[&str]; 7] =
    [&["typed"], &["backend"], &["database"], &["model"], &["run"], &["query_set", "signals"], &["backfill"]];

/// The modules of its own crate that a text names, comments and tests aside.
fn named(source: &str) -> BTreeSet<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut modules = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let after = &code[at + "crate::".len()..];
        if let Some(list) = after.strip_prefix('{') {
            let list = list.split('}').next().unwrap_or_default();
            modules.extend(list.split(',').map(|part| first_word(part.trim())));
        } else {
            modules.insert(first_word(after));
        }
    }
    modules
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What uses a module above its own, in the crate whose sources are in this folder.
fn upward(src: &Path, floors: &[&[&str]], aside: &[&str]) -> Vec<String> {
    let floor = |module: &str| floors.iter().position(|floor| floor.contains(&module));
    let mut files = Vec::new();
    sources(src, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let within = file.strip_prefix(src).unwrap();
        let module = within.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if aside.contains(&module.as_str()) || within.iter().any(|part| part == "tests") {
            continue;
        }
        let own = floor(&module).unwrap_or_else(|| panic!("{module} has no floor: put it into the list"));
        for other in named(&fs::read_to_string(&file).unwrap()) {
            if floor(&other).is_some_and(|other| other > own) {
                wrong.push(format!("{} uses {other}, which is above {module}", within.display()));
            }
        }
    }
    wrong.sort();
    wrong
}

#[test]
fn a_module_of_the_core_uses_those_below_it_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(upward(&src, &CORE, &["lib"]), Vec::<String>::new());
}

#[test]
fn a_module_of_the_crate_uses_those_below_it_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../enmasse/src");
    let found = upward(&src, &CRATE, &["lib", "prelude", "derive"]);
    // a model names its manager, which has the methods of a QuerySet
    let known = ["embed", "mod"].map(|file| format!("model/{file}.rs uses query_set, which is above model"));
    assert_eq!(found, known);
}

#[test]
fn names_are_found_in_code_only() {
    let source = "use crate::{sql, plan::Step};\n// crate::run\nlet x = crate::value::Value::Null; // crate::encode\n#[cfg(test)]\nuse crate::dialect::Sqlite;";
    assert_eq!(named(source), ["plan", "sql", "value"].map(str::to_owned).into());
}
