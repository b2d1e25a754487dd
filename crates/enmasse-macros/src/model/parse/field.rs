//! Parses a field.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, LitInt, LitStr, Meta, Path, Type};

use crate::attributes::{flag, key, metas, number, text, value};
use crate::errors::Errors;
use crate::names::{ident, listed, name};

/// A parsed field.
pub struct Field {
    pub ident: Ident,
    pub name: String,
    pub field_type: Type,
    pub docs: Vec<Attribute>,
    pub primary_key: bool,
    pub unique: bool,
    pub db_column: Option<LitStr>,
    pub max_length: Option<LitInt>,
    pub db_type: Option<LitStr>,
    pub digits: Option<(LitInt, LitInt)>,
    pub default: Option<Default>,
    pub auto: Option<Auto>,
    pub generated: Option<LitStr>,
    pub foreign_key: Option<ForeignKey>,
}

/// The default value in a new row.
pub enum Default {
    /// The type's default.
    OfType(Span),
    /// An expression.
    Expr(Expr),
}

/// When a write sets the field to the current time.
pub enum Auto {
    OnCreate,
    OnWrite,
}

/// The target of a foreign key.
pub struct ForeignKey {
    pub model: Path,
    pub to_field: Option<LitStr>,
    pub related_name: Option<LitStr>,
}

impl Field {
    /// The inner type of an `Option<…>`.
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

    /// The type of the column. A key is never NULL in the database, although Rust may not know it yet.
    pub fn column_type(&self) -> &Type {
        self.inner_type().filter(|_| self.primary_key).unwrap_or(&self.field_type)
    }

    /// The name of the column.
    pub fn column(&self) -> String {
        match (&self.db_column, &self.foreign_key) {
            (Some(column), _) => column.value(),
            (None, Some(_)) => format!("{}_id", self.name),
            (None, None) => self.name.clone(),
        }
    }
}

impl ForeignKey {
    /// The reverse name of the relation.
    pub fn reverse_name(&self, model: &Ident) -> Option<String> {
        reverse_name(self.related_name.as_ref(), model)
    }
}

/// The reverse name of a relation of a model.
pub fn reverse_name(related_name: Option<&LitStr>, model: &Ident) -> Option<String> {
    match related_name {
        Some(name) if name.value() == "+" => None,
        Some(name) => Some(name.value()),
        None => Some(name(model).to_lowercase()),
    }
}

const FIELD_ATTRIBUTES: [&str; 15] = [
    "primary_key",
    "unique",
    "db_column",
    "max_length",
    "db_type",
    "max_digits",
    "decimal_places",
    "default",
    "auto_now",
    "auto_now_add",
    "generated",
    "foreign_key",
    "to_field",
    "related_name",
    "flatten",
];

/// Parses a field, without its invalid parts.
pub fn field(field: syn::Field, errors: &mut Errors) -> Field {
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
        db_type: None,
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
            "db_type" => made.db_type = text(&meta, "db_type = \"inet\"", errors),
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
                    "unique_together" | "extends" | "abstract" => "; it belongs on the struct",
                    _ => "",
                };
                let known = listed(FIELD_ATTRIBUTES);
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
            errors
                .push(alone.span(), "`max_digits` requires `decimal_places = …`, the digits after the point");
            None
        }
        (None, Some(alone)) => {
            errors.push(
                alone.span(),
                "`decimal_places` requires `max_digits = …`, the digits before and after the point",
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
                    errors.push(*span, format!("`{attribute}` requires `foreign_key = OtherModel`"));
                }
            }
            None
        }
    };
    check_field(&made, errors);
    made
}

/// Checks a single field.
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
                format!("a generated column is never written, so `{attribute}` is not allowed on it"),
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

/// The other model's field, as a text or as an identifier.
fn to_field(meta: &Meta, errors: &mut Errors) -> Option<LitStr> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Path(path) = &pair.value
        && let Some(ident) = path.path.get_ident()
    {
        return Some(LitStr::new(&name(ident), ident.span()));
    }
    text(meta, "to_field = \"code\"", errors)
}

/// The relation's name; `None` if it is invalid.
pub fn related_name(meta: &Meta, errors: &mut Errors) -> Option<LitStr> {
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
