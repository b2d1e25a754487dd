//! The columns struct, with its steps over relations.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Path;

use crate::model::parse::{Field, ForeignKey, Model};
use crate::names;

pub fn expand(model: &Model) -> TokenStream {
    let Model { visibility, ident, .. } = model;
    let columns = columns_ident(ident);
    let doc = format!("The columns of [`{ident}`], for the closures of its queries.");
    let fields = model.fields.iter().map(|field| {
        let Field { ident, docs, .. } = field;
        let column_type = field.column_type();
        quote! { #(#docs)* pub #ident: ::enmasse::Column<#column_type> }
    });
    let steps = model.fields.iter().map(|field| steps(model, field));
    let key = key_step(model);
    let reverses = model.fields.iter().filter_map(|field| reverse(model, field, field.foreign_key.as_ref()?));
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug)]
        #[allow(missing_docs, dead_code)]
        #visibility struct #columns {
            #[doc(hidden)]
            pub __path: ::enmasse::Path,
            #(#fields,)*
        }

        #[allow(missing_docs, dead_code, private_interfaces, non_snake_case)]
        impl #columns {
            #(#steps)*
            #key
        }

        impl ::enmasse::__private::Steps for #columns {}

        #(#reverses)*
    }
}

/// The name of the columns struct of a model.
pub fn columns_ident(model: &Ident) -> Ident {
    format_ident!("{}Columns", model)
}

/// The columns struct beside a model.
fn columns_path(model: &Path) -> Path {
    let mut path = model.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = columns_ident(&last.ident);
    }
    path
}

/// The methods by which keywords name a field and go over a relation.
fn steps(model: &Model, field: &Field) -> TokenStream {
    let Field { ident, name, .. } = field;
    let step = names::step(name, ident.span());
    let column_type = field.column_type();
    let Some(ForeignKey { model: target, .. }) = &field.foreign_key else {
        return quote_spanned! { ident.span() =>
            #[doc(hidden)]
            pub fn #step(self) -> ::enmasse::Column<#column_type> {
                self.#ident
            }
        };
    };
    let doc = format!("The columns of what `{name}` refers to.");
    let hop = quote! { ::enmasse::__private::Hop<::enmasse::Columns<#target>, #column_type> };
    let by_column = format!("{name}_id");
    let taken = model.fields.iter().any(|other| other.name == by_column);
    let by_column = (!taken).then(|| {
        let step = names::step(&by_column, ident.span());
        quote_spanned! { ident.span() =>
            #[doc(hidden)]
            pub fn #step(self) -> ::enmasse::Column<#column_type> {
                self.#ident
            }
        }
    });
    quote_spanned! { ident.span() =>
        #[doc = #doc]
        pub fn #ident(self) -> ::enmasse::Columns<#target> {
            <#target as ::enmasse::Entity>::columns(self.__path.hop(#name))
        }

        #[doc(hidden)]
        pub fn #step(self) -> #hop {
            ::enmasse::__private::Hop::new(self.#ident(), self.#ident)
        }

        #by_column
    }
}

/// `pk` in a keyword, where the key is one field.
fn key_step(model: &Model) -> Option<TokenStream> {
    let mut keys = model.fields.iter().filter(|field| field.primary_key);
    let (Some(key), None) = (keys.next(), keys.next()) else { return None };
    let (ident, column_type) = (&key.ident, key.column_type());
    Some(match &key.foreign_key {
        None => quote! {
            #[doc(hidden)]
            pub fn __pk(self) -> ::enmasse::Column<#column_type> {
                self.#ident
            }
        },
        Some(ForeignKey { model: target, .. }) => quote! {
            #[doc(hidden)]
            pub fn __pk(self) -> ::enmasse::__private::Hop<::enmasse::Columns<#target>, #column_type> {
                ::enmasse::__private::Hop::new(self.#ident(), self.#ident)
            }
        },
    })
}

/// The relation from the other side.
fn reverse(model: &Model, field: &Field, key: &ForeignKey) -> Option<TokenStream> {
    let name = key.reverse_name(&model.ident)?;
    let span = key.related_name.as_ref().map_or(field.ident.span(), |name| name.span());
    let method = names::ident(&name, span)?;
    let step = names::step(&name, span);
    let Model { ident, visibility, .. } = model;
    let target = columns_path(&key.model);
    let doc = format!("The columns of the [`{ident}`]s whose `{}` refers to this.", field.name);
    let mut keys = model.fields.iter().filter(|field| field.primary_key);
    let (key_type, key_column) = match (keys.next(), keys.next()) {
        (Some(key), None) => {
            let (ident, column_type) = (&key.ident, key.column_type());
            (quote! { #column_type }, quote! { columns.#ident })
        }
        // A composite key cannot be compared, but there is still the way to the fields.
        _ => (quote! { () }, quote! { ::enmasse::Column::new(self.__path, #name) }),
    };
    Some(quote_spanned! { span =>
        #[allow(missing_docs, dead_code, private_interfaces, non_snake_case)]
        impl #target {
            #[doc = #doc]
            #visibility fn #method(self) -> ::enmasse::Columns<#ident> {
                <#ident as ::enmasse::Entity>::columns(self.__path.hop(#name))
            }

            #[doc(hidden)]
            #visibility fn #step(self) -> ::enmasse::__private::Hop<::enmasse::Columns<#ident>, #key_type> {
                let columns = <#ident as ::enmasse::Entity>::columns(self.__path.hop(#name));
                ::enmasse::__private::Hop::new(columns, #key_column)
            }
        }
    })
}
