//! `#[derive(Model)]`.

mod columns;
mod definition;
mod entity;
mod managers;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// Whatever is wrong, the rest of the model is made all the same, so that one mistake does not give fifty errors.
pub fn derive(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let model = syn::parse2(input).map(|input| parse::model(input, &mut errors));
    let made = match errors.ok(model) {
        Some(Ok(model)) => {
            let columns = columns::expand(&model);
            let definition = definition::expand(&model);
            let entity = entity::expand(&model);
            let managers = managers::functions(&model);
            quote! { #columns #entity #definition #managers }
        }
        Some(Err(name)) => entity::dummy(&name),
        None => TokenStream::new(),
    };
    let errors = errors.into_tokens();
    quote! { #errors #made }
}
