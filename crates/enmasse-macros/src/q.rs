//! `q!`

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Path, Token};

use crate::keyword::{Keyword, Value, closure, model_before};

pub fn expand(input: TokenStream) -> TokenStream {
    match filter.parse2(input) {
        Ok((model, condition)) => closure(model, condition),
        Err(error) => {
            let error = error.into_compile_error();
            closure(None, quote! { #error; ::enmasse::Q::all() })
        }
    }
}

fn filter(input: ParseStream) -> syn::Result<(Option<Path>, TokenStream)> {
    let model = model_before(input)?;
    if input.is_empty() {
        return Ok((model, quote! { ::enmasse::Q::all() }));
    }
    Ok((model, any(input)?))
}

/// Conditions separated by `|`.
fn any(input: ParseStream) -> syn::Result<TokenStream> {
    let parts = Punctuated::<_, Token![|]>::parse_separated_nonempty_with(input, odd)?;
    rest_is_empty(input)?;
    Ok(quote! { #parts })
}

/// Conditions separated by `^`.
fn odd(input: ParseStream) -> syn::Result<TokenStream> {
    let parts = Punctuated::<_, Token![^]>::parse_separated_nonempty_with(input, all)?;
    let parts = quote! { #parts };
    Ok(quote! { (#parts) })
}

/// Conditions separated by `,`, with an optional trailing one.
fn all(input: ParseStream) -> syn::Result<TokenStream> {
    let mut conditions = vec![one(input)?];
    while input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            break;
        }
        conditions.push(one(input)?);
    }
    Ok(quote! { (#(#conditions)&*) })
}

/// `!` and one condition, conditions in parentheses, or a keyword with its value.
fn one(input: ParseStream) -> syn::Result<TokenStream> {
    if input.peek(Token![!]) {
        input.parse::<Token![!]>()?;
        let condition = one(input)?;
        return Ok(quote! { !#condition });
    }
    if input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        let condition = any(&content)?;
        return Ok(quote! { (#condition) });
    }
    let keyword = Keyword::parse_lookup(input)?;
    let equals = equals(input, &keyword)?;
    let value = Value::parse_until(input, &[',', '|', '^'], equals.span)?;
    Ok(keyword.condition(&value))
}

/// The `=`, or an error that suggests the correct form.
fn equals(input: ParseStream, keyword: &Keyword) -> syn::Result<Token![=]> {
    let name = &keyword.ident;
    let instead = if input.peek(Token![==]) {
        format!("{name} = …")
    } else if input.peek(Token![!=]) {
        format!("!({name} = …)")
    } else if input.peek(Token![<=]) {
        format!("{name}__lte = …")
    } else if input.peek(Token![>=]) {
        format!("{name}__gte = …")
    } else if input.peek(Token![<]) {
        format!("{name}__lt = …")
    } else if input.peek(Token![>]) {
        format!("{name}__gt = …")
    } else if input.peek(Token![=]) {
        return input.parse();
    } else {
        return Err(syn::Error::new(name.span(), format!("expected `{name} = value`")));
    };
    Err(input.error(format!("write `{instead}`: the lookup is a part of the keyword")))
}

fn rest_is_empty(input: ParseStream) -> syn::Result<()> {
    if input.is_empty() { Ok(()) } else { Err(input.error("expected `,`, `|` or `^` between conditions")) }
}
