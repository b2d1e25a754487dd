//! The managers of a model.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Visibility;
use syn::spanned::Spanned;

use crate::model::layout;
use crate::model::parse::{Managers, Model, Part};

/// The type of the default manager: the named one, or that of a flattened abstract model.
pub fn default(model: &Model) -> TokenStream {
    match &model.managers.default {
        Some(manager) => quote_spanned! { manager.span() => #manager },
        None => flattened(model, quote! { Self }, quote! { ::enmasse::QuerySet<Self> }),
    }
}

/// The manager that an abstract model provides to models that flatten it.
pub fn of_abstract(model: &Model) -> TokenStream {
    match &model.managers.default {
        Some(manager) => quote_spanned! { manager.span() => #manager<M> },
        None => flattened(model, quote! { M }, quote! { Else }),
    }
}

/// The manager of the first flattened model that has one.
fn flattened(model: &Model, of: TokenStream, none: TokenStream) -> TokenStream {
    let parts: Vec<&Part> = model.flattened().collect();
    parts.into_iter().rev().fold(none, |or, part| {
        let manager = layout::flattened(part, "Manager");
        quote_spanned! { part.part_type.span() => #manager<#of, #or> }
    })
}

/// The functions of additional managers.
pub fn functions(ident: &Ident, visibility: &Visibility, managers: &Managers) -> TokenStream {
    if managers.others.is_empty() {
        return TokenStream::new();
    }
    let functions = managers.others.iter().map(|(name, manager)| {
        let doc = format!("The rows of the manager `{name}`, through a database or a transaction.");
        quote_spanned! { manager.span() =>
            #[doc = #doc]
            #visibility fn #name(handle: &impl ::enmasse::Handle) -> #manager {
                <#manager as ::enmasse::Manager>::on(handle)
            }
        }
    });
    quote! {
        #[allow(dead_code)]
        impl #ident {
            #(#functions)*
        }
    }
}
