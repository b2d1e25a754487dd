//! `impl Embed`: a model as a part of another; and the `Deref` of a struct to its first part.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::columns::columns_ident;
use crate::model::entity;
use crate::model::layout::{self, Slot};
use crate::model::parse::Model;

pub fn expand(model: &Model) -> TokenStream {
    let Model { ident, parts, .. } = model;
    let columns = columns_ident(ident);
    let width = layout::width(&layout::slots(model));
    let (keys, key) = keys(model);
    let mixed_in = parts.iter().map(|part| layout::embed(part, "MIXED_IN"));
    let chain = parts.iter().rev().fold(quote! { Rest }, |rest, part| {
        let chain = layout::embed(part, "Chain");
        quote_spanned! { part.part_type.span() => #chain<#rest> }
    });
    let rest = parts.iter().rev().fold(quote! { rest }, |rest, part| {
        let chain = layout::embed(part, "chain");
        let path = quote! { path };
        quote_spanned! { part.part_type.span() => #chain(#path, #rest) }
    });
    let names = model.fields.iter().map(|field| &field.name);
    let idents: Vec<&Ident> = model.fields.iter().map(|field| &field.ident).collect();
    let links: Vec<String> = model.parents().filter_map(|part| part.link()).collect();
    let link_idents: Vec<Ident> = links.iter().map(|link| Ident::new(link, ident.span())).collect();
    let read = entity::read(model);
    let deref = deref(model);
    quote! {
        impl ::enmasse::__private::Embed for #ident {
            const WIDTH: usize = #width;
            const KEYS: usize = #keys;
            const KEY: ::std::option::Option<usize> = #key;
            const MIXED_IN: bool = {
                use ::enmasse::__private::NotMixedIn as _;
                ::enmasse::__private::Mixin::<#ident>::MIXED_IN #(|| #mixed_in)*
            };
            type MixedIn = ::enmasse::__private::Flag<{ <#ident as ::enmasse::__private::Embed>::MIXED_IN }>;
            type Chain<Rest: ::enmasse::__private::Tail> = #columns<#chain>;

            fn chain<Rest: ::enmasse::__private::Tail>(path: ::enmasse::Path, rest: Rest) -> Self::Chain<Rest> {
                #columns {
                    __path: path,
                    #(#idents: ::enmasse::Column::new(path, #names),)*
                    #(#link_idents: ::enmasse::Column::new(path, #links),)*
                    __rest: #rest,
                }
            }

            fn read(row: &mut ::enmasse::__private::RowReader<'_>) -> ::enmasse::Result<Self> {
                #read
            }
        }

        #deref
    }
}

/// The number of values in the primary key, and the position of a single one.
fn keys(model: &Model) -> (TokenStream, TokenStream) {
    let slots = layout::slots(model);
    let own = model.keys();
    let none = quote! { ::std::option::Option::None };
    if model.parents().next().is_some() {
        let parents: Vec<Slot> = model.parents().map(Slot::Part).collect();
        let first_link = layout::width(&parents);
        return (quote! { 1 }, quote! { ::std::option::Option::Some(#first_link) });
    }
    if let [key] = own[..] {
        let slot = slots.iter().position(|slot| holds(slot, &key.ident)).unwrap_or_default();
        let before = layout::width(&slots[..slot]);
        let within = match &slots[slot] {
            Slot::Fields(fields) => {
                fields.iter().position(|field| field.ident == key.ident).unwrap_or_default()
            }
            Slot::Part(_) | Slot::Link(_) => 0,
        };
        return (quote! { 1 }, quote! { ::std::option::Option::Some(#before + #within) });
    }
    if !own.is_empty() {
        let keys = own.len();
        return (quote! { #keys }, none);
    }
    let counts = model.flattened().map(|part| layout::embed(part, "KEYS"));
    let counts = quote! { 0 #(+ #counts)* };
    let key = (0..slots.len()).rev().fold(none, |or, number| match &slots[number] {
        Slot::Part(part) => {
            let (key, before) = (layout::embed(part, "KEY"), layout::width(&slots[..number]));
            quote! {
                match #key {
                    ::std::option::Option::Some(key) => ::std::option::Option::Some(#before + key),
                    ::std::option::Option::None => #or,
                }
            }
        }
        Slot::Fields(_) | Slot::Link(_) => or,
    });
    (counts, key)
}

fn holds(slot: &Slot, ident: &Ident) -> bool {
    matches!(slot, Slot::Fields(fields) if fields.iter().any(|field| field.ident == *ident))
}

/// The struct dereferences to its first part: a parent, if it has one.
fn deref(model: &Model) -> Option<TokenStream> {
    let part = model.parts.first()?;
    let (ident, field, target) = (&model.ident, &part.ident, &part.part_type);
    Some(quote! {
        impl ::std::ops::Deref for #ident {
            type Target = #target;

            fn deref(&self) -> &#target {
                &self.#field
            }
        }

        impl ::std::ops::DerefMut for #ident {
            fn deref_mut(&mut self) -> &mut #target {
                &mut self.#field
            }
        }
    })
}
