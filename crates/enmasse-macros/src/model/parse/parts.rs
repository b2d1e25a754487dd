//! `extends = Parent`, `extends(Place, Shop)` and `#[model(flatten)]`.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, GenericArgument, LitStr, Meta, Path, PathArguments, Token, Type};

use crate::attributes::{flag, key, metas};
use crate::errors::Errors;
use crate::model::parse::field;
use crate::names::{name, snake_case};

/// A field that contains another model.
pub struct Part {
    pub ident: Ident,
    pub part_type: Type,
    /// The parent as named by the attribute; `None` for a flattened abstract model.
    pub parent: Option<Path>,
    /// The number of the model's own fields before it.
    pub before: usize,
    /// The reverse name of the relation from the parent, if it is not the default.
    pub related_name: Option<LitStr>,
}

impl Part {
    /// The name of the field that refers to the parent's row.
    pub fn link(&self) -> Option<String> {
        let parent = self.parent.as_ref()?.segments.last()?;
        Some(format!("{}_ptr", name(&parent.ident).to_lowercase()))
    }

    /// The reverse name of the relation from the parent.
    pub fn reverse_name(&self, model: &Ident) -> Option<String> {
        field::reverse_name(self.related_name.as_ref(), model)
    }
}

/// The named parents; `None` if the attribute is invalid.
pub fn extends(meta: &Meta, errors: &mut Errors) -> Option<Vec<Path>> {
    let parents = match meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Path(path) => Some(vec![path.path.clone()]),
            _ => None,
        },
        Meta::List(list) => list
            .parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
            .ok()
            .map(|list| list.into_iter().collect()),
        Meta::Path(_) => None,
    };
    let parents = parents.filter(|parents: &Vec<Path>| !parents.is_empty());
    if parents.is_none() {
        errors.push(
            meta.span(),
            "expected the parent, or several: `extends = BaseUser`, `extends(Place, Shop)`",
        );
    }
    parents
}

/// Removes the parents' fields from the struct's fields and returns the parents; `None` if a field's type
/// does not match its parent.
pub fn take_parents(
    model: &Ident,
    parents: Vec<Path>,
    fields: &mut Vec<syn::Field>,
    errors: &mut Errors,
) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut all_fit = true;
    for parent in parents {
        if parts.iter().any(|part| part.parent.as_ref() == Some(&parent)) {
            errors.push(parent.span(), "duplicate parent");
            continue;
        }
        let Some(position) = fields.iter().position(|field| is_named(&field.ty, &parent)) else {
            let wrapped = fields.iter().find(|field| holds(&field.ty, &parent));
            all_fit &= wrapped.is_none();
            errors.push(parent.span(), no_field(model, &parent, wrapped));
            continue;
        };
        let field = fields.remove(position);
        let mut related_name = None;
        for meta in metas(&field.attrs, "model", errors) {
            match key(&meta).as_str() {
                "related_name" => related_name = field::related_name(&meta, errors),
                other => errors.push(
                    meta.span(),
                    format!("`{other}` is not allowed on the parent's field: its columns are declared there"),
                ),
            }
        }
        let ident = field.ident.expect("named fields have names");
        parts.push(Part { ident, part_type: field.ty, parent: Some(parent), before: 0, related_name });
    }
    all_fit.then_some(parts)
}

/// Whether a field is `#[model(flatten)]`.
pub fn is_flattened(attributes: &[Attribute], errors: &mut Errors) -> bool {
    let asked = |meta: &Meta| key(meta) == "flatten";
    let mut quiet = Errors::default();
    if !metas(attributes, "model", &mut quiet).iter().any(asked) {
        return false;
    }
    for meta in metas(attributes, "model", errors) {
        if asked(&meta) {
            flag(&meta, errors);
        } else {
            let text = format!(
                "`{}` is not allowed with `flatten`: the columns are declared in the abstract model",
                key(&meta)
            );
            errors.push(meta.span(), text);
        }
    }
    true
}

/// Whether a type is written as this path, or as its end.
fn is_named(field: &Type, parent: &Path) -> bool {
    let last = |path: &Path| path.segments.last().map(|last| last.ident.clone());
    matches!(field, Type::Path(field) if last(&field.path) == last(parent))
}

/// The error if no field has a parent's type, even if a field's type contains it.
fn no_field(model: &Ident, parent: &Path, wrapped: Option<&syn::Field>) -> String {
    let short = parent.segments.last().map_or_else(String::new, |last| last.ident.to_string());
    match wrapped.and_then(|field| field.ident.as_ref()) {
        Some(field) => format!(
            "`{model}` extends `{short}`, so that `{field}` has the type `{short}` itself: every `{model}` has one"
        ),
        None => format!(
            "`{model}` extends `{short}`, but has no field of that type, which holds the parent's columns: add `{}: {short}`",
            snake_case(&short)
        ),
    }
}

/// Whether a type contains the path: `Option<BaseUser>`, `&BaseUser`.
fn holds(field: &Type, parent: &Path) -> bool {
    if is_named(field, parent) {
        return true;
    }
    match field {
        Type::Reference(reference) => holds(&reference.elem, parent),
        Type::Path(path) => path.path.segments.iter().any(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => arguments
                .args
                .iter()
                .any(|argument| matches!(argument, GenericArgument::Type(inner) if holds(inner, parent))),
            _ => false,
        }),
        _ => false,
    }
}
