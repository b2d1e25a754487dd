//! `#[derive(Model)]`.

mod columns;
mod definition;
mod embed;
mod entity;
mod layout;
mod managers;
mod parse;
mod proxy;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;
use crate::model::parse::Parsed;

/// Generates all code even after an error, so that one error does not cause fifty.
pub fn derive(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let model = syn::parse2(input).map(|input| parse::model(input, &mut errors));
    let made = match errors.ok(model) {
        Some(Ok(Parsed::Model(model))) => {
            let columns = columns::expand(&model);
            let entity = entity::expand(&model);
            let embed = embed::expand(&model);
            let definition = definition::expand(&model);
            let managers = managers::functions(&model.ident, &model.visibility, &model.managers);
            quote! { #columns #entity #embed #definition #managers }
        }
        Some(Ok(Parsed::Proxy(proxy))) => proxy::expand(&proxy),
        Some(Err(name)) => entity::dummy(&name),
        None => TokenStream::new(),
    };
    let errors = errors.into_tokens();
    quote! { #errors #made }
}
