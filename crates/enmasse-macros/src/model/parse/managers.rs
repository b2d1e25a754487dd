//! `manager = UserManager` and `managers(active = ActiveUsers)`.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, Meta, MetaNameValue, Path, Token};

use crate::errors::Errors;

/// The managers of a model.
#[derive(Default)]
pub struct Managers {
    /// The type that `objects` returns.
    pub default: Option<Path>,
    /// Additional managers with the names of their functions.
    pub others: Vec<(Ident, Path)>,
}

/// The default manager.
pub fn one(meta: &Meta, errors: &mut Errors) -> Option<Path> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Path(path) = &pair.value
    {
        return Some(path.path.clone());
    }
    errors.push(meta.span(), "expected the manager's type: `manager = UserManager`");
    None
}

/// Additional managers with the names of their functions.
pub fn several(meta: &Meta, errors: &mut Errors) -> Vec<(Ident, Path)> {
    let list = meta
        .require_list()
        .and_then(|list| list.parse_args_with(Punctuated::<MetaNameValue, Token![,]>::parse_terminated));
    let managers: Option<Vec<_>> = list.ok().and_then(|list| list.iter().map(named).collect());
    managers.filter(|managers| !managers.is_empty()).unwrap_or_else(|| {
        errors.push(
            meta.span(),
            "expected the managers, each with the name of its function: `managers(active = ActiveUsers)`",
        );
        Vec::new()
    })
}

fn named(pair: &MetaNameValue) -> Option<(Ident, Path)> {
    match &pair.value {
        Expr::Path(path) => Some((pair.path.get_ident()?.clone(), path.path.clone())),
        _ => None,
    }
}
