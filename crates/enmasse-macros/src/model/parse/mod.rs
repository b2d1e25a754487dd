//! What is written on a struct and its fields.

mod field;
mod managers;

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, LitStr, Meta, Path, Token, Visibility};

pub use field::{Auto, Default, Field, ForeignKey};

use crate::attributes::{key, metas, text};
use crate::errors::Errors;
use crate::names::{listed, name, snake_case};

/// A model as it is written.
pub struct Model {
    pub visibility: Visibility,
    pub ident: Ident,
    pub table: LitStr,
    pub unique_together: Vec<Vec<LitStr>>,
    /// The default manager, and further ones with the names of their functions.
    pub manager: Option<Path>,
    pub managers: Vec<(Ident, Path)>,
    pub fields: Vec<Field>,
}

const MODEL_ATTRIBUTES: [&str; 4] = ["table", "unique_together", "manager", "managers"];

/// The model, or its name where it cannot be one.
pub fn model(input: DeriveInput, errors: &mut Errors) -> Result<Model, Option<Ident>> {
    if !input.generics.params.is_empty() {
        errors
            .push(input.generics.span(), "a model cannot be generic: its table has one type for each column");
        return Err(None);
    }
    let fields = match input.data {
        Data::Struct(data) => data.fields,
        _ => {
            errors.push(
                input.ident.span(),
                "a model is a struct; an enum can be the type of a field, with `#[derive(Choices)]`",
            );
            return Err(Some(input.ident));
        }
    };
    let Fields::Named(fields) = fields else {
        errors.push(input.ident.span(), "a model has named fields: `struct User { id: i64, … }`");
        return Err(Some(input.ident));
    };
    let fields: Vec<Field> = fields.named.into_iter().map(|field| field::field(field, errors)).collect();

    let default_table = LitStr::new(&snake_case(&name(&input.ident)), input.ident.span());
    let mut model = Model {
        visibility: input.vis,
        table: default_table,
        unique_together: Vec::new(),
        manager: None,
        managers: Vec::new(),
        fields,
        ident: input.ident,
    };
    for meta in metas(&input.attrs, "model", errors) {
        match key(&meta).as_str() {
            "table" => {
                if let Some(table) = text(&meta, "table = \"users\"", errors) {
                    model.table = table;
                }
            }
            "unique_together" => {
                if let Some(fields) = unique_together(&meta, &model, errors) {
                    model.unique_together.push(fields);
                }
            }
            "manager" => model.manager = managers::one(&meta, errors),
            "managers" => model.managers = managers::several(&meta, errors),
            other => {
                let hint = match other {
                    "objects" => "; the manager is named by `manager = UserManager`",
                    "db_table" | "name" | "table_name" => "; the table is named by `table = \"…\"`",
                    "unique" => "; fields that are unique together are named by `unique_together(a, b)`",
                    _ => "",
                };
                let known = listed(MODEL_ATTRIBUTES);
                errors.push(
                    meta.span(),
                    format!("unknown attribute `{other}`{hint}; the attributes of a model are {known}"),
                );
            }
        }
    }
    check(&mut model, errors);
    Ok(model)
}

/// The mistakes that fields can have together.
fn check(model: &mut Model, errors: &mut Errors) {
    let keys: Vec<&Field> = model.fields.iter().filter(|field| field.primary_key).collect();
    if keys.is_empty() {
        let id = model.fields.iter().find(|field| field.name == "id");
        let place = id.map_or("the field that is its key, for example `id: i64`", |_| "`id`");
        errors.push(
            model.ident.span(),
            format!("`{}` has no primary key: write `#[model(primary_key)]` above {place}", model.ident),
        );
    }
    for key in keys.iter().filter(|key| keys.len() > 1 && key.inner_type().is_some()) {
        errors.push(
            key.field_type.span(),
            "a part of a composite primary key is always given: write the type without `Option`; if only one field is the key, \
             leave `primary_key` off the others",
        );
    }
    for (position, field) in model.fields.iter().enumerate() {
        if let Some(other) = model.fields[..position].iter().find(|other| other.column() == field.column()) {
            errors.push(
                field.ident.span(),
                format!(
                    "`{}` has the column `{}` already; name another with `db_column = \"…\"`",
                    other.name,
                    field.column()
                ),
            );
        }
    }
    check_relations(model, errors);
}

/// Two relations to one model need two names; the later one is left without.
fn check_relations(model: &mut Model, errors: &mut Errors) {
    let mut taken: Vec<(Ident, String)> = Vec::new();
    for field in &mut model.fields {
        let Some(key) = &mut field.foreign_key else { continue };
        let (Some(target), Some(name)) = (key.model.segments.last(), key.reverse_name(&model.ident)) else {
            continue;
        };
        let relation = (target.ident.clone(), name);
        if taken.contains(&relation) {
            errors.push(
                field.ident.span(),
                format!(
                    "`{}` has a relation `{}` from this model already: give this one `related_name = \"…\"`, or \"+\" for none",
                    relation.0, relation.1
                ),
            );
            key.related_name = Some(LitStr::new("+", field.ident.span()));
        } else {
            taken.push(relation);
        }
    }
}

fn unique_together(meta: &Meta, model: &Model, errors: &mut Errors) -> Option<Vec<LitStr>> {
    let list = meta
        .require_list()
        .and_then(|list| list.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated));
    let Ok(list) = list else {
        errors
            .push(meta.span(), "write the fields that are unique together: `unique_together(country, name)`");
        return None;
    };
    if list.len() < 2 {
        errors.push(
            meta.span(),
            "`unique_together` takes several fields; one field is made unique by `#[model(unique)]` on it",
        );
        return None;
    }
    let mut known = true;
    for field in &list {
        if !model.fields.iter().any(|other| other.name == name(field)) {
            let names = listed(model.fields.iter().map(|field| &field.name));
            errors.push(field.span(), format!("`{}` has no field `{field}`; it has {names}", model.ident));
            known = false;
        }
    }
    known.then(|| list.iter().map(|field| LitStr::new(&name(field), field.span())).collect())
}
