//! `impl Entity` and `impl Model`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
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
    // Code at a field's type does not see these by name where the model is written by a `macro_rules!`.
    let (value, row) = (quote! { value }, quote! { row });
    let places: Vec<Ident> = model.fields.iter().zip(0..).map(place).collect();
    let to_values = model.fields.iter().zip(&places).map(|(field, place)| {
        quote_spanned! { field.field_type.span() => ::enmasse::FieldType::to_value(#place) }
    });
    let borrows = model.fields.iter().zip(&places).map(|(field, place)| {
        quote_spanned! { field.field_type.span() => ::enmasse::FieldType::value_ref(#place) }
    });
    let also = positions.clone();
    let sets = model.fields.iter().zip(&places).zip(0_usize..).map(|((field, place), position)| {
        let set = quote_spanned! { field.field_type.span() =>
            ::enmasse::FieldType::from_value(#value).map(|value| *#place = value)
        };
        quote! { #position => #set }
    });
    let types: Vec<TokenStream> = model.fields.iter().map(field_type).collect();
    let takes = model.fields.iter().map(|field| {
        let Field { ident, .. } = field;
        let take = quote_spanned! { field.field_type.span() => #row.take() };
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
                let Self { #(#idents: #places),* } = self;
                match field {
                    #(#positions => #to_values,)*
                    _ => ::enmasse::Value::Null,
                }
            }

            fn value_ref(&self, _: &::enmasse::schema::ModelRef, field: usize) -> ::enmasse::ValueRef<'_> {
                #(#types)*
                let Self { #(#idents: #places),* } = self;
                match field {
                    #(#also => #borrows,)*
                    _ => ::enmasse::ValueRef::Null,
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
                let Self { #(#idents: #places),* } = self;
                let set = match field {
                    #(#sets,)*
                    _ => return ::std::result::Result::Err(::enmasse::__private::no_such_position(#name, field)),
                };
                set.map_err(|error| error.at(::std::format_args!("{}.{}", #name, NAMES[field])))
            }
        }
    }
}

/// A name for the field's place which stands where its type does, so that what is wrong with the type is reported once and there.
fn place((field, number): (&Field, usize)) -> Ident {
    format_ident!("place_{number}", span = field.field_type.span())
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
            type Manager = ::enmasse::QuerySet<Self>;

            fn definition() -> ::enmasse::schema::Model {
                ::std::unreachable!()
            }
        }
    }
}
