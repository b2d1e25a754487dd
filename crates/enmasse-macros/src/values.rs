//! `values!`

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, ExprUnary, Lit, LitInt, Token, UnOp};

pub fn expand(input: TokenStream) -> TokenStream {
    match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(input) {
        Ok(values) => {
            let values = values.iter().map(value);
            quote! { [#(#values),*] }
        }
        Err(error) => error.into_compile_error(),
    }
}

/// `None` is NULL, and a plain integer is a 64-bit integer.
fn value(value: &Expr) -> TokenStream {
    match value {
        Expr::Path(path) if path.path.is_ident("None") => quote! { ::enmasse::Value::Null },
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if number.suffix().is_empty() => {
            let number = wide(number);
            quote! { ::enmasse::Value::from(#number) }
        }
        Expr::Unary(ExprUnary { op: UnOp::Neg(minus), expr, .. }) if matches!(&**expr, Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if number.suffix().is_empty()) =>
        {
            let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = &**expr else { return quote! { #value } };
            let number = wide(number);
            quote! { ::enmasse::Value::from(#minus #number) }
        }
        _ => quote! { ::enmasse::Value::from(#value) },
    }
}

fn wide(number: &LitInt) -> LitInt {
    LitInt::new(&format!("{number}i64"), number.span())
}
