//! The content of attributes: `#[model(primary_key, max_length = 20)]`.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Lit, LitInt, LitStr, Meta, Token};

use crate::errors::Errors;
use crate::names::name;

/// The content of the attributes with this name, `#[model(…)]`; duplicates are errors.
pub fn metas(attributes: &[Attribute], of: &str, errors: &mut Errors) -> Vec<Meta> {
    let mut all: Vec<Meta> = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(of)) {
        let parsed = attribute.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated);
        for Item(meta) in errors.ok(parsed).into_iter().flatten() {
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

/// One attribute. `abstract` is the only one that is a Rust keyword.
struct Item(Meta);

impl Parse for Item {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(Token![abstract]) {
            return Ok(Item(Meta::Path(input.call(Ident::parse_any)?.into())));
        }
        input.parse().map(Item)
    }
}

/// The name of an attribute.
pub fn key(meta: &Meta) -> String {
    meta.path().get_ident().map(name).unwrap_or_default()
}

/// An attribute without a value.
pub fn flag(meta: &Meta, errors: &mut Errors) -> bool {
    if let Err(_not_alone) = meta.require_path_only() {
        errors.push(meta.span(), format!("`{}` takes no value", key(meta)));
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

/// The number of `attribute = 20`.
pub fn number(meta: &Meta, example: &str, errors: &mut Errors) -> Option<LitInt> {
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

/// The value of a number literal.
pub fn value(number: &LitInt) -> u32 {
    number.base10_parse().unwrap_or_default()
}
