//! `#[model(proxy = User)] struct Admin(User);`

use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::{Expr, Fields, Meta, Path, Type, Visibility};

use crate::attributes::key;
use crate::errors::Errors;
use crate::model::parse::managers::{self, Managers};

/// A parsed proxy.
pub struct Proxy {
    pub visibility: Visibility,
    pub ident: Ident,
    /// The model whose table it uses, as named by the attribute.
    pub of: Path,
    /// The type of the newtype's field.
    pub inner: Type,
    pub managers: Managers,
}

/// The model of a proxy.
pub fn of(meta: &Meta, errors: &mut Errors) -> Option<Path> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Path(path) = &pair.value
    {
        return Some(path.path.clone());
    }
    errors.push(meta.span(), "expected the model whose table it is: `proxy = User`");
    None
}

/// The proxy, or only its name if it is invalid.
pub fn proxy(
    ident: Ident,
    visibility: Visibility,
    fields: Fields,
    of: Path,
    metas: &[Meta],
    errors: &mut Errors,
) -> Result<Proxy, Option<Ident>> {
    let mut managers = Managers::default();
    for meta in metas {
        match key(meta).as_str() {
            "proxy" => {}
            "manager" => managers.default = managers::one(meta, errors),
            "managers" => managers.others = managers::several(meta, errors),
            other => errors.push(
                meta.span(),
                format!(
                    "`{other}` is not allowed on a proxy, which has the table and the columns of its model; it can have `manager` and \
                     `managers`"
                ),
            ),
        }
    }
    let inner = match fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.into_iter().next(),
        _ => None,
    };
    let Some(inner) = inner.map(|field| field.ty) else {
        let name = of.segments.last().map_or_else(String::new, |last| last.ident.to_string());
        errors.push(ident.span(), format!("a proxy is a newtype: `struct {ident}({name});`"));
        return Err(Some(ident));
    };
    Ok(Proxy { visibility, ident, of, inner, managers })
}
