//! The columns struct, with its steps over relations.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use crate::model::parse::{Field, ForeignKey, Model, Part};
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
    let links: Vec<Link> = model.parents().filter_map(Link::of).collect();
    let link_fields = links.iter().map(Link::field);
    let steps = model.fields.iter().map(|field| steps(model, field));
    let link_steps = links.iter().map(Link::steps);
    let key = links.first().map(Link::key_step).or_else(|| key_step(model));
    let reverses = model.fields.iter().filter_map(|field| reverse(model, field, field.foreign_key.as_ref()?));
    let children = model.parents().filter_map(|parent| child(model, parent));
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug)]
        #[allow(missing_docs, dead_code)]
        #visibility struct #columns<Rest = ()> {
            #[doc(hidden)]
            pub __path: ::enmasse::Path,
            #(#fields,)*
            #(#link_fields,)*
            #[doc(hidden)]
            pub __rest: Rest,
        }

        #[allow(missing_docs, dead_code, private_interfaces, non_snake_case)]
        impl<Rest: Copy> #columns<Rest> {
            #(#steps)*
            #(#link_steps)*
            #key
        }

        impl<Rest> ::enmasse::__private::Following for #columns<Rest> {}

        impl<Rest: ::enmasse::__private::Following> ::std::ops::Deref for #columns<Rest> {
            type Target = Rest;

            fn deref(&self) -> &Rest {
                &self.__rest
            }
        }

        impl ::enmasse::__private::Steps for #columns {}

        #(#reverses)*
        #(#children)*
    }
}

/// The name of a model's columns struct.
pub fn columns_ident(model: &Ident) -> Ident {
    format_ident!("{}Columns", model)
}

/// The path of a model's columns struct.
pub fn columns_path(model: &Path) -> Path {
    let mut path = model.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = columns_ident(&last.ident);
    }
    path
}

/// The methods that keywords use for a field and its relation.
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

/// `pk` in a keyword, if the key is a single field.
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

/// The reverse relation.
fn reverse(model: &Model, field: &Field, key: &ForeignKey) -> Option<TokenStream> {
    let name = key.reverse_name(&model.ident)?;
    let span = key.related_name.as_ref().map_or(field.ident.span(), |name| name.span());
    let doc = format!("The columns of the [`{}`]s whose `{}` refers to this.", model.ident, field.name);
    let key_of = match (&model.keys()[..], model.parents().next()) {
        ([key], _) => {
            let (ident, column_type) = (&key.ident, key.column_type());
            (quote! { #column_type }, quote! { columns.#ident })
        }
        ([], Some(parent)) => Link::of(parent)?.key(),
        // A composite key cannot be compared, but its fields can be reached.
        _ => (quote! { () }, quote! { ::enmasse::Column::new(self.__path, #name) }),
    };
    back(model, &key.model, &name, span, &doc, key_of)
}

/// The relation from a parent to the model.
fn child(model: &Model, parent: &Part) -> Option<TokenStream> {
    let (name, link) = (parent.reverse_name(&model.ident)?, Link::of(parent)?);
    let span = parent.related_name.as_ref().map_or(link.ident.span(), |name| name.span());
    let doc = format!("The columns of the [`{}`] row of this object, if it exists.", model.ident);
    back(model, link.parent, &name, span, &doc, link.key())
}

/// A relation to the model on the columns of another one, with the type and the column of the model's key.
fn back(
    model: &Model,
    target: &Path,
    name: &str,
    span: Span,
    doc: &str,
    (key_type, key_column): (TokenStream, TokenStream),
) -> Option<TokenStream> {
    let method = names::ident(name, span)?;
    let step = names::step(name, span);
    let Model { ident, visibility, .. } = model;
    let target = columns_path(target);
    Some(quote_spanned! { span =>
        #[allow(missing_docs, dead_code, private_interfaces, non_snake_case)]
        impl<Rest> #target<Rest> {
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

/// The field of a model that refers to a parent's row.
struct Link<'m> {
    name: String,
    ident: Ident,
    parent: &'m Path,
    parent_type: &'m Type,
}

impl<'m> Link<'m> {
    fn of(part: &'m Part) -> Option<Self> {
        let (name, span) = (part.link()?, part.part_type.span());
        Some(Link {
            ident: Ident::new(&name, span),
            name,
            parent: part.parent.as_ref()?,
            parent_type: &part.part_type,
        })
    }

    fn column_type(&self) -> TokenStream {
        let parent = self.parent_type;
        quote_spanned! { parent.span() => <#parent as ::enmasse::Model>::Key }
    }

    fn hop_type(&self) -> TokenStream {
        let (parent, column_type) = (self.parent_type, self.column_type());
        quote_spanned! { parent.span() => ::enmasse::__private::Hop<::enmasse::Columns<#parent>, #column_type> }
    }

    fn column(&self) -> TokenStream {
        let column_type = self.column_type();
        quote_spanned! { self.parent_type.span() => ::enmasse::Column<#column_type> }
    }

    fn field(&self) -> TokenStream {
        let Link { ident, name, .. } = self;
        let doc = format!("`{name}`: the primary key of the parent's row.");
        let column = self.column();
        quote! { #[doc = #doc] pub #ident: #column }
    }

    /// The type and the column of the key.
    fn key(&self) -> (TokenStream, TokenStream) {
        let ident = &self.ident;
        (self.column_type(), quote! { columns.#ident })
    }

    /// The parent's columns, from `self`.
    fn hop(&self) -> TokenStream {
        let Link { name, parent_type, .. } = self;
        let path = quote! { self.__path.hop(#name) };
        quote_spanned! { parent_type.span() => <#parent_type as ::enmasse::Entity>::columns(#path) }
    }

    fn steps(&self) -> TokenStream {
        let Link { ident, name, parent_type, .. } = self;
        let doc = format!("The columns of what `{name}` refers to.");
        let (column, hop_type, hop) = (self.column(), self.hop_type(), self.hop());
        let step = names::step(name, ident.span());
        let by_column = names::step(&format!("{name}_id"), ident.span());
        let columns = quote_spanned! { parent_type.span() => ::enmasse::Columns<#parent_type> };
        let (this, key) = (quote! { self }, quote! { self.#ident });
        quote_spanned! { parent_type.span() =>
            #[doc = #doc]
            pub fn #ident(#this) -> #columns {
                #hop
            }

            #[doc(hidden)]
            pub fn #step(#this) -> #hop_type {
                ::enmasse::__private::Hop::new(#hop, #key)
            }

            #[doc(hidden)]
            pub fn #by_column(#this) -> #column {
                #key
            }
        }
    }

    fn key_step(&self) -> TokenStream {
        let (ident, hop_type, hop) = (&self.ident, self.hop_type(), self.hop());
        let (this, key) = (quote! { self }, quote! { self.#ident });
        quote_spanned! { self.parent_type.span() =>
            #[doc(hidden)]
            pub fn __pk(#this) -> #hop_type {
                ::enmasse::__private::Hop::new(#hop, #key)
            }
        }
    }
}
