//! `impl Entity`: a struct's values by position.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::layout::{self, Positions, Slot, part_place, place};
use crate::model::parse::{Field, Model, Part};
use crate::names;

pub fn expand(model: &Model) -> TokenStream {
    let Model { ident, .. } = model;
    let name = names::name(ident);
    let at = Ident::new("at", Span::mixed_site());
    let types = layout::types(model);
    let places = layout::places(model);
    let values = layout::dispatch(model, &at, &Values);
    let borrowed = layout::dispatch(model, &at, &Borrowed);
    let sets = layout::dispatch(model, &at, &Sets { model: &name });
    // Code with a type's span cannot name these if a `macro_rules!` generated the model.
    quote! {
        impl ::enmasse::Entity for #ident {
            type Columns = <#ident as ::enmasse::__private::Embed>::Chain<()>;

            fn columns(path: ::enmasse::Path) -> Self::Columns {
                <#ident as ::enmasse::__private::Embed>::chain(path, ())
            }

            fn from_row(
                model: &::enmasse::schema::ModelRef,
                row: ::std::vec::Vec<::enmasse::Value>,
            ) -> ::enmasse::Result<Self> {
                let width = <#ident as ::enmasse::__private::Embed>::WIDTH;
                let mut row = ::enmasse::__private::RowReader::new(model, #name, width, row)?;
                ::enmasse::__private::Embed::read(&mut row)
            }

            #[allow(unused_variables)]
            fn value(&self, model: &::enmasse::schema::ModelRef, #at: usize) -> ::enmasse::Value {
                #types
                #places
                #values
            }

            #[allow(unused_variables)]
            fn value_ref(&self, model: &::enmasse::schema::ModelRef, #at: usize) -> ::enmasse::ValueRef<'_> {
                #types
                #places
                #borrowed
            }

            #[allow(unused_variables, unreachable_code)]
            fn set_value(
                &mut self,
                model: &::enmasse::schema::ModelRef,
                field: usize,
                value: ::enmasse::Value,
            ) -> ::enmasse::Result<()> {
                #types
                #places
                let #at = field;
                let (name, set): (&str, ::enmasse::Result<()>) = #sets;
                set.map_err(|error| error.at(name))
            }
        }
    }
}

/// `from_row` of a part, whose values are a part of a row.
pub fn read(model: &Model) -> TokenStream {
    let row = quote! { row };
    let take = |field: &Field| {
        let place = format!("{}.{}", names::name(&model.ident), field.name);
        let ident = &field.ident;
        let take = quote_spanned! { field.field_type.span() => #row.take(#place) };
        quote! { #ident: #take? }
    };
    let read = |part: &Part| {
        let read = layout::embed(part, "read");
        quote! { #read(#row)? }
    };
    let types = layout::types(model);
    let links = model.parents().count();
    let parents = model.parents().map(|part| {
        let (place, read) = (part_place(part), read(part));
        quote! { let #place = #read; }
    });
    let skip = (links > 0).then(|| quote! { #row.skip(#links); });
    let mut made = Vec::new();
    for slot in layout::slots(model) {
        match slot {
            Slot::Fields(fields) => made.extend(fields.iter().map(take)),
            Slot::Part(part) => {
                let (ident, place) = (&part.ident, part_place(part));
                made.push(match &part.parent {
                    Some(_) => quote! { #ident: #place },
                    None => {
                        let read = read(part);
                        quote! { #ident: #read }
                    }
                });
            }
            Slot::Link(_) => {}
        }
    }
    quote! {
        #types
        #(#parents)*
        #skip
        ::std::result::Result::Ok(Self { #(#made,)* })
    }
}

struct Values;

impl Positions for Values {
    fn field(&self, field: &Field) -> TokenStream {
        let place = place(field);
        quote_spanned! { field.field_type.span() => ::enmasse::FieldType::to_value(#place) }
    }

    fn part(&self, part: &Part, at: &Ident) -> TokenStream {
        let (place, model) = (part_place(part), quote! { model });
        quote_spanned! { part.part_type.span() => ::enmasse::Entity::value(#place, #model, #at) }
    }

    fn link(&self, parent: &Part) -> TokenStream {
        let (place, model) = (part_place(parent), quote! { model });
        quote_spanned! { parent.part_type.span() => ::enmasse::__private::link(#place, #model) }
    }

    fn none(&self) -> TokenStream {
        quote! { ::enmasse::Value::Null }
    }
}

struct Borrowed;

impl Positions for Borrowed {
    fn field(&self, field: &Field) -> TokenStream {
        let place = place(field);
        quote_spanned! { field.field_type.span() => ::enmasse::FieldType::value_ref(#place) }
    }

    fn part(&self, part: &Part, at: &Ident) -> TokenStream {
        let (place, model) = (part_place(part), quote! { model });
        quote_spanned! { part.part_type.span() => ::enmasse::Entity::value_ref(#place, #model, #at) }
    }

    fn link(&self, parent: &Part) -> TokenStream {
        let (place, model) = (part_place(parent), quote! { model });
        quote_spanned! { parent.part_type.span() => ::enmasse::__private::link_ref(#place, #model) }
    }

    fn none(&self) -> TokenStream {
        quote! { ::enmasse::ValueRef::Null }
    }
}

/// The name of each field in errors, and the result of setting it.
struct Sets<'m> {
    model: &'m str,
}

impl Positions for Sets<'_> {
    fn field(&self, field: &Field) -> TokenStream {
        let (place, value) = (place(field), quote! { value });
        let name = format!("{}.{}", self.model, field.name);
        let set = quote_spanned! { field.field_type.span() =>
            ::enmasse::FieldType::from_value(#value).map(|value| *#place = value)
        };
        quote! { (#name, #set) }
    }

    fn part(&self, part: &Part, at: &Ident) -> TokenStream {
        let (place, model, value) = (part_place(part), quote! { model }, quote! { value });
        let set = quote_spanned! { part.part_type.span() =>
            ::enmasse::Entity::set_value(#place, #model, #at, #value)
        };
        quote! { return #set }
    }

    fn link(&self, parent: &Part) -> TokenStream {
        let (place, model, value) = (part_place(parent), quote! { model }, quote! { value });
        let set = quote_spanned! { parent.part_type.span() =>
            ::enmasse::__private::set_link(#place, #model, #value)
        };
        quote! { return #set }
    }

    fn none(&self) -> TokenStream {
        let name = self.model;
        quote! { return ::std::result::Result::Err(::enmasse::__private::no_such_position(#name, field)) }
    }
}

/// Dummy impls for an invalid model, so that its uses are not reported too.
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

        impl ::enmasse::__private::Embed for #ident {
            const WIDTH: usize = 0;
            const KEYS: usize = 1;
            const KEY: ::std::option::Option<usize> = ::std::option::Option::None;
            const MIXED_IN: bool = true;
            type MixedIn = ::enmasse::__private::Flag<true>;
            type Chain<Rest: ::enmasse::__private::Tail> = Rest;

            fn chain<Rest: ::enmasse::__private::Tail>(_: ::enmasse::Path, rest: Rest) -> Rest {
                rest
            }

            fn read(_: &mut ::enmasse::__private::RowReader<'_>) -> ::enmasse::Result<Self> {
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
