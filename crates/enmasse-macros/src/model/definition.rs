//! `impl Model`: the model as data, and the checks that need type information.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::layout::{self, Slot};
use crate::model::managers;
use crate::model::parse::{Auto, Default, Field, ForeignKey, Model, Part};
use crate::names;

pub fn expand(model: &Model) -> TokenStream {
    let checks = model.fields.iter().map(check);
    let unique = unique_fields(model);
    let made = if model.is_abstract { abstract_model(model) } else { table(model) };
    quote! {
        #made
        #(#checks)*
        #unique
    }
}

/// A model with a table.
fn table(model: &Model) -> TokenStream {
    let Model { ident, table, .. } = model;
    let name = names::name(ident);
    let types = layout::types(model);
    let fields = fields(model);
    let manager = managers::default(model);
    let parents = model.parents().map(|Part { part_type, related_name, .. }| {
        let related_name = optional(related_name);
        let label = quote_spanned! { part_type.span() => <#part_type as ::enmasse::Model>::label() };
        quote! {
            let model = model.extends_by(::enmasse::schema::Parent {
                model: #label.to_owned(),
                link: ::std::option::Option::None,
                column: ::std::option::Option::None,
                related_name: #related_name,
            });
        }
    });
    let no_key = quote! { () };
    let key = match (model.parents().next(), own_key(model)) {
        (Some(Part { part_type, .. }), _) => {
            quote_spanned! { part_type.span() => <#part_type as ::enmasse::Model>::Key }
        }
        (None, Some(own)) => own,
        (None, None) => flattened_key(model, no_key),
    };
    let keys = keys(model);
    quote! {
        impl ::enmasse::Model for #ident {
            type Key = #key;
            type Manager = #manager;

            fn definition() -> ::enmasse::schema::Model {
                #types
                let model = ::enmasse::schema::Model::new(#name, #table).label(<Self as ::enmasse::Model>::label());
                #fields
                #(#parents)*
                model
            }
        }

        ::enmasse::__private::inventory::submit! {
            ::enmasse::__private::Registration(<#ident as ::enmasse::Model>::definition)
        }

        #keys
    }
}

/// A model whose fields are added to other models.
fn abstract_model(model: &Model) -> TokenStream {
    let Model { ident, .. } = model;
    let types = layout::types(model);
    let fields = fields(model);
    let manager = managers::of_abstract(model);
    let key = own_key(model).unwrap_or_else(|| flattened_key(model, quote! { Else }));
    quote! {
        impl ::enmasse::__private::Abstract for #ident {
            type Key<Else> = #key;
            type Manager<M: ::enmasse::Model, Else: ::enmasse::Manager<Model = M>> = #manager;

            fn define(model: ::enmasse::schema::Model) -> ::enmasse::schema::Model {
                #types
                #fields
                model
            }
        }
    }
}

/// Statements that add the fields of the model's own table to `model`.
fn fields(model: &Model) -> TokenStream {
    let only_key = model.keys().len() == 1;
    let mut made = TokenStream::new();
    for slot in layout::slots(model) {
        match slot {
            Slot::Fields(fields) => {
                let fields = fields.iter().map(|field| define(field, only_key));
                made.extend(quote! { #(let model = model.add(#fields);)* });
            }
            Slot::Part(part) if part.parent.is_none() => {
                let define = layout::flattened(part, "define");
                made.extend(quote! { let model = #define(model); });
            }
            Slot::Part(_) | Slot::Link(_) => {}
        }
    }
    let unique_together = &model.unique_together;
    quote! { #made #(let model = model.unique_together([#(#unique_together),*]);)* }
}

/// The type of the key, if it consists of the struct's own fields.
fn own_key(model: &Model) -> Option<TokenStream> {
    let keys = model.keys();
    let types = keys.iter().map(|field| field.column_type());
    match keys.len() {
        0 => None,
        1 => Some(quote! { #(#types)* }),
        _ => Some(quote! { (#(#types),*) }),
    }
}

/// The type of the key of the first flattened model with a key.
fn flattened_key(model: &Model, none: TokenStream) -> TokenStream {
    let parts: Vec<&Part> = model.flattened().collect();
    parts.into_iter().rev().fold(none, |or, part| {
        let key = layout::flattened(part, "Key");
        quote_spanned! { part.part_type.span() => #key<#or> }
    })
}

/// Checks that a model with parts has one key.
fn keys(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let parents = model.parents().map(|part| {
        let keys = layout::embed(part, "KEYS");
        let text = format!("`{ident}` cannot extend a model whose primary key is composite");
        quote_spanned! { part.part_type.span() => const _: () = ::std::assert!(#keys == 1, #text); }
    });
    let has_key = !model.keys().is_empty() || model.parents().next().is_some();
    let keys = |Part { part_type, .. }: &Part| {
        quote_spanned! { part_type.span() => ::enmasse::__private::flattened::<#part_type>() }
    };
    let flattened: Vec<TokenStream> = model.flattened().map(keys).collect();
    let check = match (flattened.is_empty(), has_key) {
        (true, _) => None,
        (false, true) => {
            let text = format!("`{ident}` has its own primary key, and cannot flatten another");
            Some(quote! { ::std::assert!(0 #(+ #flattened)* == 0, #text) })
        }
        (false, false) => {
            let text = format!(
                "`{ident}` has no primary key: write `#[model(primary_key)]` above the field that is its key"
            );
            Some(quote! { ::std::assert!(0 #(+ #flattened)* > 0, #text) })
        }
    };
    let check = check.map(|check| quote_spanned! { ident.span() => const _: () = #check; });
    quote! { #(#parents)* #check }
}

/// Checks that the fields of `unique_together` exist, if some are in the parts.
fn unique_fields(model: &Model) -> Option<TokenStream> {
    if model.parts.is_empty() {
        return None;
    }
    let ident = &model.ident;
    let fields = model.unique_together.iter().flatten();
    let fields = fields.filter_map(|field| names::ident(&field.value(), field.span()));
    let uses = fields.map(|field| quote! { let _ = columns.#field; });
    Some(quote! {
        const _: fn(::enmasse::Columns<#ident>) = |columns| {
            let _ = columns;
            #(#uses)*
        };
    })
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
    if let Some(db_type) = &field.db_type {
        made = quote_spanned! { span => ::enmasse::__private::db_type::<#field_type>(#made, #db_type) };
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

/// Checks that need type information: a foreign key has the type of its target, and a key in an `Option` is
/// an integer.
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
