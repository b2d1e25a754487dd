//! A proxy: another type over a model's table.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::columns::{columns_ident, columns_path};
use crate::model::managers;
use crate::model::parse::Proxy;
use crate::names;

pub fn expand(proxy: &Proxy) -> TokenStream {
    let Proxy { visibility, ident, of, inner, managers } = proxy;
    let name = names::name(ident);
    let columns = columns_ident(ident);
    let columns_of = columns_path(of);
    let doc = format!("The columns of [`{ident}`]: those of the model that it is a proxy of.");
    let manager = match &managers.default {
        Some(manager) => quote_spanned! { manager.span() => #manager },
        None => quote! { ::enmasse::QuerySet<Self> },
    };
    let functions = managers::functions(ident, visibility, managers);
    let embed = quote_spanned! { inner.span() => <#inner as ::enmasse::__private::Embed> };
    let entity = quote_spanned! { inner.span() => <#inner as ::enmasse::Entity> };
    let model = quote_spanned! { inner.span() => <#inner as ::enmasse::Model> };
    quote! {
        #[doc = #doc]
        #[allow(dead_code)]
        #visibility type #columns<Rest = ()> = #columns_of<Rest>;

        impl ::enmasse::Entity for #ident {
            type Columns = #entity::Columns;

            fn columns(path: ::enmasse::Path) -> Self::Columns {
                #entity::columns(path)
            }

            fn from_row(
                model: &::enmasse::schema::ModelRef,
                row: ::std::vec::Vec<::enmasse::Value>,
            ) -> ::enmasse::Result<Self> {
                #entity::from_row(model, row).map(#ident)
            }

            fn value(&self, model: &::enmasse::schema::ModelRef, field: usize) -> ::enmasse::Value {
                #entity::value(&self.0, model, field)
            }

            fn value_ref(&self, model: &::enmasse::schema::ModelRef, field: usize) -> ::enmasse::ValueRef<'_> {
                #entity::value_ref(&self.0, model, field)
            }

            fn set_value(
                &mut self,
                model: &::enmasse::schema::ModelRef,
                field: usize,
                value: ::enmasse::Value,
            ) -> ::enmasse::Result<()> {
                #entity::set_value(&mut self.0, model, field, value)
            }
        }

        impl ::enmasse::__private::Embed for #ident {
            const WIDTH: usize = #embed::WIDTH;
            const KEYS: usize = #embed::KEYS;
            const KEY: ::std::option::Option<usize> = #embed::KEY;
            const MIXED_IN: bool = {
                use ::enmasse::__private::NotMixedIn as _;
                ::enmasse::__private::Mixin::<#ident>::MIXED_IN || #embed::MIXED_IN
            };
            type MixedIn = ::enmasse::__private::Flag<{ <#ident as ::enmasse::__private::Embed>::MIXED_IN }>;
            type Chain<Rest: ::enmasse::__private::Tail> = #embed::Chain<Rest>;

            fn chain<Rest: ::enmasse::__private::Tail>(path: ::enmasse::Path, rest: Rest) -> Self::Chain<Rest> {
                #embed::chain(path, rest)
            }

            fn read(row: &mut ::enmasse::__private::RowReader<'_>) -> ::enmasse::Result<Self> {
                #embed::read(row).map(#ident)
            }
        }

        impl ::enmasse::Model for #ident {
            type Key = #model::Key;
            type Manager = #manager;

            fn definition() -> ::enmasse::schema::Model {
                let of = #model::definition();
                ::enmasse::schema::Model::new(#name, of.table)
                    .label(<Self as ::enmasse::Model>::label())
                    .proxy_of(of.label)
            }
        }

        ::enmasse::__private::inventory::submit! {
            ::enmasse::__private::Registration(<#ident as ::enmasse::Model>::definition)
        }

        impl ::std::ops::Deref for #ident {
            type Target = #inner;

            fn deref(&self) -> &#inner {
                &self.0
            }
        }

        impl ::std::ops::DerefMut for #ident {
            fn deref_mut(&mut self) -> &mut #inner {
                &mut self.0
            }
        }

        #functions
    }
}
