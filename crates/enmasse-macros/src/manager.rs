//! `#[derive(Manager)]`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields};

pub fn derive(input: TokenStream) -> TokenStream {
    syn::parse2(input).and_then(expand).unwrap_or_else(syn::Error::into_compile_error)
}

fn expand(input: DeriveInput) -> syn::Result<TokenStream> {
    let DeriveInput { ident, mut generics, data, .. } = input;
    let rows = match data {
        Data::Struct(data) => match data.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.into_iter().next(),
            _ => None,
        },
        _ => None,
    };
    let Some(rows) = rows.map(|field| field.ty) else {
        let text = format!("a manager is a newtype around the rows: `struct {ident}(QuerySet<User>);`");
        return Err(syn::Error::new(ident.span(), text));
    };
    let rows = quote_spanned! { rows.span() => #rows };
    if !generics.params.is_empty() {
        generics.make_where_clause().predicates.push(syn::parse2(quote! { #rows: ::enmasse::Manager })?);
    }
    let (params, arguments, bounds) = generics.split_for_impl();
    // With the type's span, so that a type that is not a manager is reported once.
    let of_inner = |item| {
        let item = Ident::new(item, rows.span());
        quote_spanned! { rows.span() => <#rows as ::enmasse::Manager>::#item }
    };
    let [model, from_rows, into_rows, initial] = ["Model", "from_rows", "into_rows", "initial"].map(of_inner);
    let query_set = quote_spanned! { rows.span() => ::enmasse::QuerySet<#model> };
    Ok(quote! {
        impl #params ::enmasse::Manager for #ident #arguments #bounds {
            type Model = #model;

            fn from_rows(rows: #query_set) -> Self {
                #ident(#from_rows(rows))
            }

            fn into_rows(self) -> #query_set {
                #into_rows(self.0)
            }

            fn initial(self) -> Self {
                #ident(#initial(self.0))
            }
        }

        impl #params ::std::convert::From<#ident #arguments> for ::enmasse::lookup::Operand #bounds {
            fn from(rows: #ident #arguments) -> Self {
                #into_rows(rows.0).into()
            }
        }
    })
}
