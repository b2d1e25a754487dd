//! Parses an enum and its variants.

use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Expr, Fields, LitStr};

use crate::attributes::{flag, key, metas, text};
use crate::errors::Errors;
use crate::names::{name, snake_case};

/// A parsed enum.
pub struct Choices {
    pub ident: Ident,
    pub variants: Variants,
}

/// Its variants with their values.
pub enum Variants {
    Text(Vec<(Ident, LitStr)>),
    Integer(Vec<(Ident, Expr)>),
}

/// The enum, or only its name if it is invalid.
pub fn choices(input: DeriveInput, errors: &mut Errors) -> Result<Choices, Option<Ident>> {
    let ident = input.ident;
    if !input.generics.params.is_empty() {
        errors.push(
            input.generics.span(),
            "an enum of choices cannot be generic: its variants are the values of a column",
        );
        return Err(None);
    }
    let Data::Enum(data) = input.data else {
        errors.push(ident.span(), "`Choices` is for enums: `enum Membership { Free, Premium }`");
        return Err(Some(ident));
    };
    if data.variants.is_empty() {
        errors.push(ident.span(), "an enum of choices has at least one variant");
        return Err(Some(ident));
    }
    let mut integer = false;
    for meta in metas(&input.attrs, "choices", errors) {
        match key(&meta).as_str() {
            "integer" => integer = flag(&meta, errors),
            other => errors.push(
                meta.span(),
                format!("unknown attribute `{other}`; the attribute of an enum of choices is `integer`"),
            ),
        }
    }
    let mut texts: Vec<(Ident, LitStr)> = Vec::new();
    let mut integers: Vec<(Ident, Expr)> = Vec::new();
    let mut bad = false;
    for variant in data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.push(
                variant.fields.span(),
                format!(
                    "a choice is one value of a column and cannot hold data: write `{}` alone",
                    variant.ident
                ),
            );
            bad = true;
            continue;
        }
        let mut value = None;
        for meta in metas(&variant.attrs, "choice", errors) {
            match key(&meta).as_str() {
                "value" if integer => {
                    errors.push(
                        meta.span(),
                        format!(
                            "the value of an integer choice is its discriminant: `{} = 1`",
                            variant.ident
                        ),
                    );
                }
                "value" => value = text(&meta, "value = \"premium\"", errors),
                other => errors.push(
                    meta.span(),
                    format!("unknown attribute `{other}`; the attribute of a choice is `value`"),
                ),
            }
        }
        match (integer, variant.discriminant) {
            (true, Some((_, number))) => integers.push((variant.ident, number)),
            (true, None) => {
                let text = format!("an integer choice needs its database value: `{} = 1`", variant.ident);
                errors.push(variant.ident.span(), text);
                bad = true;
            }
            (false, Some((_, number))) => {
                let text = "these choices are texts; write `#[choices(integer)]` on the enum for integers, or leave the number out";
                errors.push(number.span(), text);
                bad = true;
            }
            (false, None) => {
                let default = || LitStr::new(&snake_case(&name(&variant.ident)), variant.ident.span());
                let value = value.unwrap_or_else(default);
                if let Some((other, _)) = texts.iter().find(|(_, other)| other.value() == value.value()) {
                    errors
                        .push(value.span(), format!("`{other}` has the value \"{}\" already", value.value()));
                    bad = true;
                }
                texts.push((variant.ident, value));
            }
        }
    }
    match (bad, integer) {
        (true, _) => Err(Some(ident)),
        (false, true) => Ok(Choices { ident, variants: Variants::Integer(integers) }),
        (false, false) => Ok(Choices { ident, variants: Variants::Text(texts) }),
    }
}
