//! `set!`

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Path, Token};

use crate::keyword::{Keyword, Value, closure, model_before};

pub fn expand(input: TokenStream) -> TokenStream {
    match assignments.parse2(input) {
        Ok((model, assignments)) => {
            let assignments = assignments.iter().map(Assignment::expand);
            closure(model, quote! { ::std::vec::Vec::<::enmasse::Assignment>::from([#(#assignments),*]) })
        }
        Err(error) => {
            let error = error.into_compile_error();
            closure(None, quote! { #error; ::std::vec::Vec::<::enmasse::Assignment>::new() })
        }
    }
}

fn assignments(input: ParseStream) -> syn::Result<(Option<Path>, Punctuated<Assignment, Token![,]>)> {
    Ok((model_before(input)?, Punctuated::parse_terminated(input)?))
}

/// `points += 100`
struct Assignment {
    field: Keyword,
    /// The operator before `=`.
    operator: Option<TokenStream>,
    value: Value,
}

impl Parse for Assignment {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let field: Keyword = input.parse()?;
        let name = &field.ident;
        if name == "pk" {
            return Err(syn::Error::new(
                name.span(),
                "an update names its fields; `pk` is not a field's name",
            ));
        }
        if !field.is_plain() {
            let text = format!(
                "an update sets fields of its own model, whole: `{name}` is a path, and belongs in a filter"
            );
            return Err(syn::Error::new(name.span(), text));
        }
        let operator = operator(input, name.span())?;
        let value = Value::parse_until(input, &[','], name.span())?;
        Ok(Assignment { field, operator, value })
    }
}

impl Assignment {
    fn expand(&self) -> TokenStream {
        let Assignment { field, operator, value } = self;
        let column = field.expression();
        let value = match operator {
            None => quote! { #value },
            Some(operator) => quote! { #column #operator (#value) },
        };
        let set = quote_spanned! { field.ident.span() => set };
        quote! { #column.#set(#value) }
    }
}

fn operator(input: ParseStream, name: Span) -> syn::Result<Option<TokenStream>> {
    macro_rules! compound {
        ($($token:tt $operator:tt),*) => {$(
            if input.peek(Token![$token]) {
                let span = input.parse::<Token![$token]>()?.spans[0];
                return Ok(Some(quote_spanned! { span => $operator }));
            }
        )*};
    }
    compound!(+= +, -= -, *= *, /= /, %= %);
    if input.peek(Token![=]) && !input.peek(Token![==]) {
        input.parse::<Token![=]>()?;
        return Ok(None);
    }
    Err(syn::Error::new(name, "expected `field = value`, or one of `+=`, `-=`, `*=`, `/=`, `%=`"))
}
