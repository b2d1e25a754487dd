//! Finds a key's places in the file, in any spelling of the key.

use std::collections::HashMap;

use enmasse::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::apply::mapping::Mapping;
use crate::failure::Result;
use crate::input::{Input, Item, Place};
use crate::shown;

/// How many places of a key are told.
const NAMED: usize = 5;

/// A place where a key is, and the key as it is spelt there.
pub type Found = (Place, Vec<Value>);

/// Where the file has each of these keys: the first few places. Where none of them is in the file twice, keys count too that a collation may
/// take for the same.
pub fn places_of(input: &Input, mapping: &Mapping, keys: &[Vec<Value>]) -> Result<Vec<Vec<Found>>> {
    let wanted = mapping.wanted();
    let wanted: Vec<_> = mapping.key.iter().map(|&column| wanted[column].clone()).collect();
    // several keys may be alike
    let mut numbers: HashMap<String, Vec<usize>> = HashMap::new();
    for (key, number) in keys.iter().zip(0..) {
        numbers.entry(folded(key)).or_default().push(number);
    }
    let mut exact = vec![Vec::new(); keys.len()];
    let mut alike = exact.clone();
    for item in input.rows(&wanted)? {
        let Item::Row(row) = item? else { continue };
        let key: Vec<Value> = row.values.into_iter().flatten().collect();
        for &number in numbers.get(&folded(&key)).into_iter().flatten() {
            if alike[number].len() < NAMED {
                alike[number].push((row.place, key.clone()));
            }
            if key == keys[number] && exact[number].len() < NAMED {
                exact[number].push((row.place, key.clone()));
            }
        }
    }
    let either = |(exact, alike): (Vec<Found>, Vec<Found>)| if exact.len() > 1 { exact } else { alike };
    Ok(exact.into_iter().zip(alike).map(either).collect())
}

/// `f.csv: duplicate key id=1: line 2, line 5`, and where a key is spelt in several ways, each of them.
pub fn duplicate(file: &str, mapping: &Mapping, key: &[Value], places: &[Found]) -> String {
    let shown = |key: &[Value]| {
        let names = mapping.key.iter().map(|&column| mapping.columns[column].name.as_str());
        shown::key(names.zip(key))
    };
    let mut spellings: Vec<(String, Vec<String>)> = Vec::new();
    for (place, key) in places {
        let key = shown(key);
        match spellings.iter_mut().find(|(other, _)| *other == key) {
            Some((_, places)) => places.push(place.to_string()),
            None => spellings.push((key, vec![place.to_string()])),
        }
    }
    let told: Vec<_> =
        spellings.iter().map(|(key, places)| format!("{key}: {}", places.join(", "))).collect();
    match told.len() {
        0 => format!("{file}: duplicate key {}", shown(key)),
        1 => format!("{file}: duplicate key {}", told[0]),
        _ => format!("{file}: duplicate key {} (the same to the database)", told.join("; ")),
    }
}

/// A key so that keys are equal which a collation may take for the same: without case, accents and white space at the end.
pub fn folded(key: &[Value]) -> String {
    let parts = key.iter().map(|value| match value {
        Value::Text(text) => {
            let upper = text.trim_end().to_uppercase();
            let bare = upper.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
            bare.map(|c| letters(c).map_or_else(|| c.to_string(), str::to_owned)).collect()
        }
        Value::Decimal(number) => number.normalize().to_string(),
        other => format!("{other:?}"),
    });
    parts.collect::<Vec<_>>().join("\u{1f}")
}

/// Of letters that Unicode does not take apart, what collations do.
fn letters(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d04_keys_that_a_collation_may_take_for_the_same() {
        let folded = |text: &str| folded(&[text.into()]);
        for (one, other) in
            [("abc", "ÁBC "), ("Straße", "STRASSE"), ("ａｂｃ", "abc"), ("Øre", "ore"), ("e\u{301}", "é")]
        {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("abc"), folded("abd"));
    }
}
