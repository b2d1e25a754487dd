//! The fields that a model has of others: of those that it extends, or of the one that it is a proxy of.

use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Field, Model};

/// Puts inherited fields into the models that have them.
pub(super) fn inherit(models: &mut [Model], by_label: &HashMap<String, usize>) -> Result<()> {
    let mut states = vec![State::New; models.len()];
    (0..models.len()).try_for_each(|index| resolve(index, models, by_label, &mut states))
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Begun,
    Done,
}

fn resolve(
    index: usize,
    models: &mut [Model],
    by_label: &HashMap<String, usize>,
    states: &mut [State],
) -> Result<()> {
    match states[index] {
        State::Done => return Ok(()),
        State::Begun => {
            let message = format!("{} extends itself, or is a proxy of itself.", models[index].name);
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        State::New => states[index] = State::Begun,
    }
    let mut bases = Vec::new();
    for label in models[index].bases() {
        let base = *by_label.get(label).ok_or_else(|| {
            let what = format!("{} extends an unknown model", models[index].name);
            Error::unknown(ErrorKind::Configuration, what, label, by_label.keys().map(String::as_str))
        })?;
        bases.push(base);
    }
    for &base in &bases {
        resolve(base, models, by_label, states)?;
    }
    if models[index].proxy.is_some() {
        let concrete = models[bases[0]].clone();
        let model = &mut models[index];
        model.table = concrete.table;
        model.fields = concrete.fields;
        model.inherited = model.fields.len();
        model.unique_together = concrete.unique_together;
    } else if !bases.is_empty() {
        let mut fields = Vec::new();
        for &base in &bases {
            fields.extend(models[base].fields.iter().cloned().map(|mut field| {
                field.primary_key = false;
                field
            }));
        }
        let inherited = fields.len();
        for (number, &base) in bases.iter().enumerate() {
            let key = models[base].key().first().map(|&position| models[base].fields[position].clone());
            let Some(key) = key else { continue };
            let link = Field::new(models[index].parents[number].link.clone(), key.data_type)
                .foreign_key(models[base].label.clone());
            fields.push(if number == 0 { link.primary_key() } else { link.unique() });
        }
        let model = &mut models[index];
        fields.append(&mut model.fields);
        model.fields = fields;
        model.inherited = inherited;
    }
    states[index] = State::Done;
    Ok(())
}
