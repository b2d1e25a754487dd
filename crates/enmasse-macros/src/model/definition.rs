//! `impl Model`: the model as data, and the checks that need the compiler's knowledge of types.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::entity::field_type;
use crate::model::managers;
use crate::model::parse::{Auto, Default, Field, ForeignKey, Model};
use crate::names;

pub fn expand(model: &Model) -> TokenStream {
    let Model { ident, table, unique_together, .. } = model;
    let name = names::name(ident);
    let keys: Vec<&Field> = model.fields.iter().filter(|field| field.primary_key).collect();
    let fields = model.fields.iter().map(|field| define(field, keys.len() == 1));
    let key_types = keys.iter().map(|field| field.column_type());
    let key = match keys.len() {
        1 => quote! { #(#key_types)* },
        _ => quote! { (#(#key_types),*) },
    };
    let manager = managers::default(model);
    let types = model.fields.iter().map(field_type);
    let checks = model.fields.iter().map(check);
    quote! {
        impl ::enmasse::Model for #ident {
            type Key = #key;
            type Manager = #manager;

            fn definition() -> ::enmasse::schema::Model {
                #(#types)*
                ::enmasse::schema::Model::new(#name, #table)
                    .label(<Self as ::enmasse::Model>::label())
                    #(.add(#fields))*
                    #(.unique_together([#(#unique_together),*]))*
            }
        }

        ::enmasse::__private::inventory::submit! {
            ::enmasse::__private::Registration(<#ident as ::enmasse::Model>::definition)
        }

        #(#checks)*
    }
}

/// The field as data.
fn define(field: &Field, only_key: bool) -> TokenStream {
    let Field { name, field_type, .. } = field;
    let span = field_type.span();
    let mut made = quote_spanned! { span => ::enmasse::__private::field::<#field_type>(#name) };
    if let Some(column) = &field.db_column {
        made = quote! { #made.column(#column) };
    }
    if let Some(ForeignKey { model, to_field, related_name }) = &field.foreign_key {
        let to_field = optional(to_field);
        let related_name = optional(related_name);
        made = quote! {
            #made.references(::enmasse::__private::ForeignKey {
                model: <#model as ::enmasse::Model>::label().to_owned(),
                to_field: #to_field,
                related_name: #related_name,
            })
        };
    }
    match (field.primary_key, only_key) {
        (true, true) => made = quote! { ::enmasse::__private::primary_key(#made) },
        (true, false) => made = quote! { #made.primary_key() },
        (false, _) => {}
    }
    if field.unique {
        made = quote! { #made.unique() };
    }
    if let Some(max_length) = &field.max_length {
        made = quote_spanned! { span => ::enmasse::__private::max_length::<#field_type>(#made, #max_length) };
    }
    if let Some((max_digits, decimal_places)) = &field.digits {
        made = quote_spanned! { span =>
            ::enmasse::__private::digits::<#field_type>(#made, #max_digits, #decimal_places)
        };
    }
    match &field.default {
        Some(Default::OfType(span)) => {
            let default = quote_spanned! { *span => <#field_type as ::std::default::Default>::default() };
            made = quote! {
                ::enmasse::__private::default(#made, || ::enmasse::FieldType::into_value(#default))
            };
        }
        Some(Default::Expr(expr)) => {
            let value =
                quote_spanned! { expr.span() => ::enmasse::__private::literal::<#field_type, _>(#expr) };
            made = quote! { ::enmasse::__private::default(#made, || #value) };
        }
        None => {}
    }
    if let Some(auto) = &field.auto {
        let auto = match auto {
            Auto::OnCreate => quote! { ::enmasse::schema::Auto::OnCreate },
            Auto::OnWrite => quote! { ::enmasse::schema::Auto::OnWrite },
        };
        made = quote_spanned! { span => ::enmasse::__private::auto::<#field_type>(#made, #auto) };
    }
    if let Some(generated) = &field.generated {
        made = quote! { #made.generated(#generated) };
    }
    made
}

fn optional(text: &Option<syn::LitStr>) -> TokenStream {
    match text {
        Some(text) => quote! { ::std::option::Option::Some(#text.to_owned()) },
        None => quote! { ::std::option::Option::None },
    }
}

/// What only the compiler can check: that a foreign key has the type of what it refers to, that a key in an `Option` is an integer.
fn check(field: &Field) -> TokenStream {
    let field_type = &field.field_type;
    let numbered =
        field.inner_type().filter(|_| field.primary_key && field.foreign_key.is_none()).map(|inner| {
            quote_spanned! { field_type.span() => const _: () = ::enmasse::__private::numbered::<#inner>(); }
        });
    let refers = field.foreign_key.as_ref().map(|ForeignKey { model, to_field, .. }| match to_field {
        None => quote_spanned! { field_type.span() =>
            const _: () = ::enmasse::__private::refers_to_key::<#field_type, <#model as ::enmasse::Model>::Key>();
        },
        Some(to_field) => {
            let column = names::ident(&to_field.value(), to_field.span());
            quote_spanned! { field_type.span() =>
                const _: () = ::enmasse::__private::refers_to_field::<#model, #field_type, _>(|columns| columns.#column);
            }
        }
    });
    quote! { #numbered #refers }
}
