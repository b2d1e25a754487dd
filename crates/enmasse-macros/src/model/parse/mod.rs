//! Parses a struct and its fields.

mod field;
mod managers;
mod parts;
mod proxy;

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, FieldsNamed, LitStr, Meta, Path, Token, Visibility};

pub use field::{Auto, Default, Field, ForeignKey};
pub use managers::Managers;
pub use parts::Part;
pub use proxy::Proxy;

use crate::attributes::{flag, key, metas, text};
use crate::errors::Errors;
use crate::names::{listed, name, snake_case};

/// The kind of a struct.
pub enum Parsed {
    Model(Model),
    Proxy(Proxy),
}

/// A parsed model.
pub struct Model {
    pub visibility: Visibility,
    pub ident: Ident,
    pub table: LitStr,
    /// Whether it has no table, and is flattened into others.
    pub is_abstract: bool,
    pub unique_together: Vec<Vec<LitStr>>,
    pub managers: Managers,
    /// The parents that it extends, followed by the abstract models that it flattens.
    pub parts: Vec<Part>,
    pub fields: Vec<Field>,
}

impl Model {
    /// The fields of its primary key.
    pub fn keys(&self) -> Vec<&Field> {
        self.fields.iter().filter(|field| field.primary_key).collect()
    }

    /// The parents that it extends.
    pub fn parents(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.parent.is_some())
    }

    /// The abstract models that it flattens.
    pub fn flattened(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.parent.is_none())
    }
}

const MODEL_ATTRIBUTES: [&str; 7] =
    ["table", "unique_together", "manager", "managers", "extends", "abstract", "proxy"];

/// The model, or only its name if it is invalid.
pub fn model(input: DeriveInput, errors: &mut Errors) -> Result<Parsed, Option<Ident>> {
    let DeriveInput { ident, vis: visibility, generics, attrs, data } = input;
    if !generics.params.is_empty() {
        errors.push(generics.span(), "a model cannot be generic: its table has one type for each column");
        return Err(None);
    }
    let fields = match data {
        Data::Struct(data) => data.fields,
        _ => {
            errors.push(
                ident.span(),
                "a model is a struct; an enum can be the type of a field, with `#[derive(Choices)]`",
            );
            return Err(Some(ident));
        }
    };
    let metas = metas(&attrs, "model", errors);
    if let Some(meta) = metas.iter().find(|meta| key(meta) == "proxy") {
        let Some(of) = proxy::of(meta, errors) else { return Err(Some(ident)) };
        return proxy::proxy(ident, visibility, fields, of, &metas, errors).map(Parsed::Proxy);
    }
    let Fields::Named(fields) = fields else {
        errors.push(ident.span(), "a model has named fields: `struct User { id: i64, … }`");
        return Err(Some(ident));
    };
    let extended = metas.iter().find(|meta| key(meta) == "extends");
    let extended = extended.map_or_else(|| Some(Vec::new()), |meta| parts::extends(meta, errors));
    let Some(extended) = extended else { return Err(Some(ident)) };
    let is_whole = extended.is_empty();
    let mut model = with_fields(ident, visibility, fields, extended, errors)?;
    model.is_abstract = metas.iter().any(|meta| key(meta) == "abstract");
    metas.iter().for_each(|meta| attribute(&mut model, meta, errors));
    check(&mut model, is_whole, errors);
    Ok(Parsed::Model(model))
}

/// A model with its fields, without the attributes of the whole; or only its name if it is invalid.
fn with_fields(
    ident: Ident,
    visibility: Visibility,
    fields: FieldsNamed,
    extended: Vec<Path>,
    errors: &mut Errors,
) -> Result<Model, Option<Ident>> {
    let mut written: Vec<syn::Field> = fields.named.into_iter().collect();
    let Some(mut parts) = parts::take_parents(&ident, extended, &mut written, errors) else {
        return Err(Some(ident));
    };
    let mut fields = Vec::new();
    for field in written {
        if parts::is_flattened(&field.attrs, errors) {
            let ident = field.ident.expect("named fields have names");
            let before = fields.len();
            parts.push(Part { ident, part_type: field.ty, parent: None, before, related_name: None });
        } else {
            fields.push(field::field(field, errors));
        }
    }
    Ok(Model {
        visibility,
        table: LitStr::new(&snake_case(&name(&ident)), ident.span()),
        is_abstract: false,
        unique_together: Vec::new(),
        managers: Managers::default(),
        parts,
        fields,
        ident,
    })
}

fn attribute(model: &mut Model, meta: &Meta, errors: &mut Errors) {
    let attribute = key(meta);
    match attribute.as_str() {
        "table" | "managers" | "extends" if model.is_abstract => errors.push(
            meta.span(),
            format!("`{attribute}` is not allowed on an abstract model, which has no table; it belongs on those that flatten it"),
        ),
        "table" => {
            if let Some(table) = text(meta, "table = \"users\"", errors) {
                model.table = table;
            }
        }
        "unique_together" => {
            if let Some(fields) = unique_together(meta, model, errors) {
                model.unique_together.push(fields);
            }
        }
        "manager" => model.managers.default = managers::one(meta, errors),
        "managers" => model.managers.others = managers::several(meta, errors),
        "abstract" => {
            flag(meta, errors);
        }
        "extends" => {}
        other => {
            let hint = match other {
                "db_table" | "name" | "table_name" => "; the table is named by `table = \"…\"`",
                "unique" => "; fields that are unique together are named by `unique_together(a, b)`",
                "objects" => "; the manager is named by `manager = UserManager`",
                "parent" | "inherits" | "base" => "; extend a model with its own table by `extends = Parent`",
                "flatten" => "; it belongs on the field that holds an abstract model",
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

/// Checks all fields together; a model that is whole extends none.
fn check(model: &mut Model, is_whole: bool, errors: &mut Errors) {
    let keys = model.keys();
    if keys.is_empty() && model.parts.is_empty() && is_whole && !model.is_abstract {
        let id = model.fields.iter().find(|field| field.name == "id");
        let place = id.map_or("the field that is its key, for example `id: i64`", |_| "`id`");
        errors.push(
            model.ident.span(),
            format!("`{}` has no primary key: write `#[model(primary_key)]` above {place}", model.ident),
        );
    }
    if let (Some(parent), Some(key)) = (model.parents().next(), keys.first()) {
        let link = parent.link().unwrap_or_default();
        errors.push(
            key.ident.span(),
            format!(
                "`{}` has the primary key of what it extends, as `{link}`: leave `primary_key` out",
                model.ident
            ),
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

/// Two relations to one model need different names; the later one is dropped.
fn check_relations(model: &mut Model, errors: &mut Errors) {
    let mut taken: Vec<(Ident, String)> = Vec::new();
    for part in &model.parts {
        let parent = part.parent.as_ref().and_then(|parent| parent.segments.last());
        if let (Some(parent), Some(name)) = (parent, part.reverse_name(&model.ident)) {
            taken.push((parent.ident.clone(), name));
        }
    }
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
            "`unique_together` takes several fields; use `#[model(unique)]` for a single field",
        );
        return None;
    }
    let mut known = true;
    for field in &list {
        // The compiler checks the fields of the parts.
        if model.parts.is_empty() && !model.fields.iter().any(|other| other.name == name(field)) {
            let names = listed(model.fields.iter().map(|field| &field.name));
            errors.push(field.span(), format!("`{}` has no field `{field}`; it has {names}", model.ident));
            known = false;
        }
    }
    known.then(|| list.iter().map(|field| LitStr::new(&name(field), field.span())).collect())
}
