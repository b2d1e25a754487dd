//! The managers of a model.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::parse::Model;

/// The type of the default manager.
pub fn default(model: &Model) -> TokenStream {
    match &model.manager {
        Some(manager) => quote_spanned! { manager.span() => #manager },
        None => quote! { ::enmasse::QuerySet<Self> },
    }
}

/// The functions of further managers.
pub fn functions(model: &Model) -> TokenStream {
    let Model { ident, visibility, managers, .. } = model;
    if managers.is_empty() {
        return TokenStream::new();
    }
    let functions = managers.iter().map(|(name, manager)| {
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
