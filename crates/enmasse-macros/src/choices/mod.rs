//! `#[derive(Choices)]`.

mod expand;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// As with a model, the impls are generated even after an error.
pub fn derive(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let choices = syn::parse2(input).map(|input| parse::choices(input, &mut errors));
    let made = match errors.ok(choices) {
        Some(Ok(choices)) => expand::expand(&choices),
        Some(Err(name)) => expand::dummy(&name),
        None => TokenStream::new(),
    };
    let errors = errors.into_tokens();
    quote! { #errors #made }
}
