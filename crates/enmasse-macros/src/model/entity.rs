//! `impl Entity` and `impl Model`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::columns::columns_ident;
use crate::model::parse::{Field, Model};

pub fn expand(model: &Model) -> TokenStream {
    let Model { ident, .. } = model;
    let name = crate::names::name(ident);
    let columns = columns_ident(ident);
    let names: Vec<&String> = model.fields.iter().map(|field| &field.name).collect();
    let idents: Vec<&Ident> = model.fields.iter().map(|field| &field.ident).collect();
    let positions = 0..names.len();
    let to_values = model.fields.iter().map(|field| {
        let ident = at_type(field);
        quote_spanned! { type_span(field) => ::enmasse::FieldType::to_value(&self.#ident) }
    });
    let sets = model.fields.iter().zip(0_usize..).map(|(field, position)| {
        let ident = at_type(field);
        let set = quote_spanned! { type_span(field) =>
            ::enmasse::FieldType::from_value(value).map(|value| self.#ident = value)
        };
        quote! { #position => #set }
    });
    let types: Vec<TokenStream> = model.fields.iter().map(field_type).collect();
    let takes = model.fields.iter().map(|field| {
        let Field { ident, .. } = field;
        let take = quote_spanned! { type_span(field) => row.take() };
        quote! { #ident: #take? }
    });
    quote! {
        impl ::enmasse::Entity for #ident {
            type Columns = #columns;

            fn columns(path: ::enmasse::Path) -> #columns {
                #columns { __path: path, #(#idents: ::enmasse::Column::new(path, #names),)* }
            }

            fn from_row(
                _: &::enmasse::schema::ModelRef,
                row: ::std::vec::Vec<::enmasse::Value>,
            ) -> ::enmasse::Result<Self> {
                #(#types)*
                let mut row = ::enmasse::__private::RowReader::new(#name, &[#(#names),*], row)?;
                ::std::result::Result::Ok(#ident { #(#takes,)* })
            }

            fn value(&self, _: &::enmasse::schema::ModelRef, field: usize) -> ::enmasse::Value {
                #(#types)*
                match field {
                    #(#positions => #to_values,)*
                    _ => ::enmasse::Value::Null,
                }
            }

            fn set_value(
                &mut self,
                _: &::enmasse::schema::ModelRef,
                field: usize,
                value: ::enmasse::Value,
            ) -> ::enmasse::Result<()> {
                #(#types)*
                const NAMES: &[&str] = &[#(#names),*];
                let set = match field {
                    #(#sets,)*
                    _ => return ::std::result::Result::Err(::enmasse::__private::no_such_position(#name, field)),
                };
                set.map_err(|error| error.at(::std::format_args!("{}.{}", #name, NAMES[field])))
            }
        }
    }
}

/// The field's name where its type stands, so that what is wrong with the type is reported once and there.
fn at_type(field: &Field) -> Ident {
    let mut ident = field.ident.clone();
    ident.set_span(field.field_type.span());
    ident
}

/// Where the field's type stands, for code that uses what the derive itself names: the model may be written by a `macro_rules!`.
fn type_span(field: &Field) -> Span {
    field.field_type.span().resolved_at(Span::call_site())
}

/// Says that the type must be one that a field can have; of equal errors the compiler reports one.
pub fn field_type(field: &Field) -> TokenStream {
    let Field { field_type, .. } = field;
    quote_spanned! { field_type.span() => ::enmasse::__private::field_type::<#field_type>(); }
}

/// The impls of something that cannot be a model, so that what uses it is not reported as well.
pub fn dummy(name: &Option<Ident>) -> TokenStream {
    let Some(ident) = name else { return TokenStream::new() };
    quote! {
        impl ::enmasse::Entity for #ident {
            type Columns = ();

            fn columns(_: ::enmasse::Path) {}

            fn from_row(
                _: &::enmasse::schema::ModelRef,
                _: ::std::vec::Vec<::enmasse::Value>,
            ) -> ::enmasse::Result<Self> {
                ::std::unreachable!()
            }

            fn value(&self, _: &::enmasse::schema::ModelRef, _: usize) -> ::enmasse::Value {
                ::std::unreachable!()
            }

            fn set_value(
                &mut self,
                _: &::enmasse::schema::ModelRef,
                _: usize,
                _: ::enmasse::Value,
            ) -> ::enmasse::Result<()> {
                ::std::unreachable!()
            }
        }

        impl ::enmasse::Model for #ident {
            type Key = ();

            fn definition() -> ::enmasse::schema::Model {
                ::std::unreachable!()
            }
        }
    }
}
