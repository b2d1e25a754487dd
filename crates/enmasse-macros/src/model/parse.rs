//! What is written on a struct and its fields.

use proc_macro2::{Ident, Span};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Fields, Lit, LitInt, LitStr, Meta, Path, Token, Type,
    Visibility,
};

use crate::errors::Errors;
use crate::names::{ident, listed, name, snake_case};

/// A model as it is written.
pub struct Model {
    pub visibility: Visibility,
    pub ident: Ident,
    pub table: LitStr,
    pub unique_together: Vec<Vec<LitStr>>,
    pub fields: Vec<Field>,
}

/// A field as it is written.
pub struct Field {
    pub ident: Ident,
    pub name: String,
    pub field_type: Type,
    pub docs: Vec<Attribute>,
    pub primary_key: bool,
    pub unique: bool,
    pub db_column: Option<LitStr>,
    pub max_length: Option<LitInt>,
    pub digits: Option<(LitInt, LitInt)>,
    pub default: Option<Default>,
    pub auto: Option<Auto>,
    pub generated: Option<LitStr>,
    pub foreign_key: Option<ForeignKey>,
}

/// The value of a new row that is given none.
pub enum Default {
    /// The type's own.
    OfType(Span),
    /// This.
    Expr(Expr),
}

/// When a write sets the field to the current time.
pub enum Auto {
    OnCreate,
    OnWrite,
}

/// What a foreign key refers to.
pub struct ForeignKey {
    pub model: Path,
    pub to_field: Option<LitStr>,
    pub related_name: Option<LitStr>,
}

impl Field {
    /// The type inside, where the type is written `Option<…>`.
    pub fn inner_type(&self) -> Option<&Type> {
        let Type::Path(path) = &self.field_type else { return None };
        let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
        match &last.arguments {
            syn::PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
                syn::GenericArgument::Type(inner) => Some(inner),
                _ => None,
            },
            _ => None,
        }
    }

    /// The type of the column: a key is never NULL in the database, though it may not be known yet in Rust.
    pub fn column_type(&self) -> &Type {
        self.inner_type().filter(|_| self.primary_key).unwrap_or(&self.field_type)
    }

    /// The name of the column.
    fn column(&self) -> String {
        match (&self.db_column, &self.foreign_key) {
            (Some(column), _) => column.value(),
            (None, Some(_)) => format!("{}_id", self.name),
            (None, None) => self.name.clone(),
        }
    }
}

impl ForeignKey {
    /// What the relation is called from the other side.
    pub fn reverse_name(&self, model: &Ident) -> Option<String> {
        match &self.related_name {
            Some(name) if name.value() == "+" => None,
            Some(name) => Some(name.value()),
            None => Some(name(model).to_lowercase()),
        }
    }
}

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
    let fields: Vec<Field> = fields.named.into_iter().map(|field| self::field(field, errors)).collect();

    let default_table = LitStr::new(&snake_case(&name(&input.ident)), input.ident.span());
    let mut model = Model {
        visibility: input.vis,
        table: default_table,
        unique_together: Vec::new(),
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
            other => {
                let hint = match other {
                    "db_table" | "name" | "table_name" => "; the table is named by `table = \"…\"`",
                    "unique" => "; fields that are unique together are named by `unique_together(a, b)`",
                    _ => "",
                };
                let known = listed(["table", "unique_together"]);
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

const FIELD_ATTRIBUTES: [&str; 14] = [
    "primary_key",
    "unique",
    "db_column",
    "max_length",
    "max_digits",
    "decimal_places",
    "default",
    "auto_now",
    "auto_now_add",
    "generated",
    "foreign_key",
    "to_field",
    "related_name",
    "unique_together",
];

fn field(field: syn::Field, errors: &mut Errors) -> Field {
    let ident = field.ident.expect("named fields have names");
    let (mut max_digits, mut decimal_places) = (None, None);
    let (mut model, mut to_field, mut related_name) = (None, None, None);
    let docs = field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect();
    let mut made = Field {
        name: name(&ident),
        field_type: field.ty,
        docs,
        primary_key: false,
        unique: false,
        db_column: None,
        max_length: None,
        digits: None,
        default: None,
        auto: None,
        generated: None,
        foreign_key: None,
        ident,
    };
    for meta in metas(&field.attrs, "model", errors) {
        match key(&meta).as_str() {
            "primary_key" => made.primary_key = flag(&meta, errors),
            "unique" => made.unique = flag(&meta, errors),
            "db_column" => made.db_column = text(&meta, "db_column = \"…\"", errors),
            "max_length" => made.max_length = number(&meta, "max_length = 20", errors),
            "max_digits" => max_digits = number(&meta, "max_digits = 8", errors),
            "decimal_places" => decimal_places = number(&meta, "decimal_places = 2", errors),
            "default" => made.default = default(&meta, errors),
            "auto_now" => made.auto = auto(made.auto, &meta, Auto::OnWrite, errors),
            "auto_now_add" => made.auto = auto(made.auto, &meta, Auto::OnCreate, errors),
            "generated" => made.generated = text(&meta, "generated = \"price * quantity\"", errors),
            "foreign_key" => model = path(&meta, errors),
            "to_field" => to_field = self::to_field(&meta, errors).map(|text| (meta.span(), text)),

            "related_name" => {
                related_name = self::related_name(&meta, errors).map(|text| (meta.span(), text))
            }
            other => {
                let hint = match other {
                    "pk" | "key" | "id" => "; a key is marked by `primary_key`",
                    "null" | "nullable" => "; a field that may be NULL has the type `Option<…>`",
                    "column" | "name" | "rename" => "; the column is named by `db_column = \"…\"`",
                    "choices" => "; the type of a field with choices is an enum with `#[derive(Choices)]`",
                    "fk" | "references" | "related" | "belongs_to" => {
                        "; a relation is declared by `foreign_key = OtherModel`"
                    }
                    "length" | "size" | "max_len" => {
                        "; the length of a text is declared by `max_length = 20`"
                    }
                    "unique_together" => "; it belongs on the struct",
                    _ => "",
                };
                let known = listed(&FIELD_ATTRIBUTES[..13]);
                errors.push(
                    meta.span(),
                    format!("unknown attribute `{other}`{hint}; the attributes of a field are {known}"),
                );
            }
        }
    }
    made.digits = match (max_digits, decimal_places) {
        (Some(digits), Some(places)) if value(&digits) < value(&places) => {
            errors.push(
                places.span(),
                "`decimal_places` cannot be more than `max_digits`, which counts all digits",
            );
            None
        }
        (Some(digits), Some(places)) => Some((digits, places)),
        (Some(alone), None) => {
            errors.push(
                alone.span(),
                "`max_digits` goes with `decimal_places = …`, the digits after the point",
            );
            None
        }
        (None, Some(alone)) => {
            errors.push(
                alone.span(),
                "`decimal_places` goes with `max_digits = …`, the digits before and after the point",
            );
            None
        }
        (None, None) => None,
    };
    let related = [("to_field", &to_field), ("related_name", &related_name)];
    made.foreign_key = match model {
        Some(model) => Some(ForeignKey {
            model,
            to_field: to_field.map(|(_, text)| text),
            related_name: related_name.map(|(_, text)| text),
        }),
        None => {
            for (attribute, given) in related {
                if let Some((span, _)) = given {
                    errors.push(*span, format!("`{attribute}` goes with `foreign_key = OtherModel`"));
                }
            }
            None
        }
    };
    check_field(&made, errors);
    made
}

/// The mistakes that one field can have by itself.
fn check_field(field: &Field, errors: &mut Errors) {
    let Field { name, ident, .. } = field;
    if name.contains("__") || name.ends_with('_') {
        errors.push(
            ident.span(),
            "the name of a field cannot contain `__` or end with `_`, which separate the parts of a keyword; another name of the \
             column is given by `db_column = \"…\"`",
        );
    }
    if name == "pk" {
        errors.push(
            ident.span(),
            "`pk` stands for the primary key, whatever its name; give the field another name",
        );
    }
    if let Some(generated) = &field.generated {
        let clash = [
            ("primary_key", field.primary_key),
            ("default", field.default.is_some()),
            ("auto_now", field.auto.is_some()),
            ("foreign_key", field.foreign_key.is_some()),
        ];
        for (attribute, _) in clash.iter().filter(|(_, given)| *given) {
            errors.push(
                generated.span(),
                format!("a generated column is never written, so that `{attribute}` means nothing on it"),
            );
        }
    }
    if let (Some(_), Some(default)) = (&field.auto, &field.default) {
        let span = match default {
            Default::OfType(span) => *span,
            Default::Expr(expr) => expr.span(),
        };
        errors.push(
            span,
            "a field that is set to the current time has no other default; leave one of the two out",
        );
    }
    if field.foreign_key.is_some()
        && field.db_column.is_none()
        && let Some(relation) = name.strip_suffix("_id")
    {
        errors.push(
            ident.span(),
            format!(
                "a foreign key is named for what it refers to, and its column has `_id` added: call the field `{relation}` for the \
                 column `{name}`, or name the column with `db_column = \"…\"`"
            ),
        );
    }
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

/// What stands in the attributes of a name, `#[model(…)]`; an attribute given twice is a mistake.
pub fn metas(attributes: &[Attribute], of: &str, errors: &mut Errors) -> Vec<Meta> {
    let mut all: Vec<Meta> = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(of)) {
        let parsed = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        for meta in errors.ok(parsed).into_iter().flatten() {
            let repeated =
                all.iter().any(|other| key(other) == key(&meta)) && key(&meta) != "unique_together";
            if repeated {
                errors.push(meta.span(), format!("`{}` is given twice", key(&meta)));
            } else {
                all.push(meta);
            }
        }
    }
    all
}

/// The name of an attribute.
pub fn key(meta: &Meta) -> String {
    meta.path().get_ident().map(name).unwrap_or_default()
}

/// An attribute without a value.
pub fn flag(meta: &Meta, errors: &mut Errors) -> bool {
    if let Err(_not_alone) = meta.require_path_only() {
        errors.push(meta.span(), format!("`{}` stands alone, without a value", key(meta)));
    }
    true
}

/// The text of `attribute = "…"`.
pub fn text(meta: &Meta, example: &str, errors: &mut Errors) -> Option<LitStr> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
        && !text.value().is_empty()
    {
        return Some(text.clone());
    }
    errors.push(meta.span(), format!("expected a text: `{example}`"));
    None
}

fn number(meta: &Meta, example: &str, errors: &mut Errors) -> Option<LitInt> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = &pair.value
        && let Ok(value) = number.base10_parse::<u32>()
        && (value > 0 || key(meta) == "decimal_places")
    {
        return Some(number.clone());
    }
    errors.push(meta.span(), format!("expected a number: `{example}`"));
    None
}

fn value(number: &LitInt) -> u32 {
    number.base10_parse().unwrap_or_default()
}

fn default(meta: &Meta, errors: &mut Errors) -> Option<Default> {
    match meta {
        Meta::Path(path) => Some(Default::OfType(path.span())),
        Meta::NameValue(pair) => Some(Default::Expr(pair.value.clone())),
        Meta::List(list) => {
            errors.push(list.span(), "write `default` for the type's own default, or `default = value`");
            None
        }
    }
}

fn auto(before: Option<Auto>, meta: &Meta, auto: Auto, errors: &mut Errors) -> Option<Auto> {
    if before.is_some() {
        errors.push(
            meta.span(),
            "`auto_now` sets the field at every write and `auto_now_add` at the first only: choose one",
        );
    }
    flag(meta, errors).then_some(auto)
}

fn path(meta: &Meta, errors: &mut Errors) -> Option<Path> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Path(path) = &pair.value
    {
        return Some(path.path.clone());
    }
    errors.push(meta.span(), "expected the other model: `foreign_key = User`");
    None
}

/// The other model's field, as a text or as it is named there.
fn to_field(meta: &Meta, errors: &mut Errors) -> Option<LitStr> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Path(path) = &pair.value
        && let Some(ident) = path.path.get_ident()
    {
        return Some(LitStr::new(&name(ident), ident.span()));
    }
    text(meta, "to_field = \"code\"", errors)
}

/// The relation's name; a wrong one becomes none.
fn related_name(meta: &Meta, errors: &mut Errors) -> Option<LitStr> {
    let text = text(meta, "related_name = \"profiles\"", errors)?;
    let name = text.value();
    if name == "+" || (ident(&name, text.span()).is_some() && !name.contains("__") && !name.ends_with('_')) {
        return Some(text);
    }
    errors.push(
        text.span(),
        "a related name is used as the name of a field: letters, digits and single `_`; or \"+\" for no relation from the other side",
    );
    Some(LitStr::new("+", text.span()))
}
