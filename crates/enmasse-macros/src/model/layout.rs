//! The order of a model's values in a row: its parents, a link to each, and its own values with those that it
//! flattens.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::parse::{Field, Model, Part};

/// A range of values.
pub enum Slot<'m> {
    /// The values of a part.
    Part(&'m Part),
    /// The key of a parent.
    Link(&'m Part),
    /// The model's own fields.
    Fields(&'m [Field]),
}

/// All values, in order.
pub fn slots(model: &Model) -> Vec<Slot<'_>> {
    let mut slots: Vec<Slot> = model.parents().map(Slot::Part).collect();
    slots.extend(model.parents().map(Slot::Link));
    let mut written = 0;
    for part in model.flattened() {
        slots.extend((written < part.before).then(|| Slot::Fields(&model.fields[written..part.before])));
        slots.push(Slot::Part(part));
        written = part.before;
    }
    slots.extend((written < model.fields.len()).then(|| Slot::Fields(&model.fields[written..])));
    slots
}

/// The number of values.
pub fn width(slots: &[Slot]) -> TokenStream {
    let own: usize = slots
        .iter()
        .map(|slot| match slot {
            Slot::Part(_) => 0,
            Slot::Link(_) => 1,
            Slot::Fields(fields) => fields.len(),
        })
        .sum();
    let parts = slots.iter().filter_map(|slot| match slot {
        Slot::Part(part) => Some(embed(part, "WIDTH")),
        _ => None,
    });
    quote! { #own #(+ #parts)* }
}

/// An item of a part with its type's span, so that an invalid type is reported there.
pub fn embed(part: &Part, item: &str) -> TokenStream {
    let Part { part_type, .. } = part;
    let item = Ident::new(item, part_type.span());
    quote_spanned! { part_type.span() => <#part_type as ::enmasse::__private::Embed>::#item }
}

/// An item of an abstract model.
pub fn flattened(part: &Part, item: &str) -> TokenStream {
    let Part { part_type, .. } = part;
    let item = Ident::new(item, part_type.span());
    quote_spanned! { part_type.span() => <#part_type as ::enmasse::__private::Abstract>::#item }
}

/// Asserts that the types are valid for fields and parts; the compiler reports equal errors once.
pub fn types(model: &Model) -> TokenStream {
    let fields = model.fields.iter().map(|Field { field_type, .. }| {
        quote_spanned! { field_type.span() => ::enmasse::__private::field_type::<#field_type>(); }
    });
    let parts = model.parts.iter().map(|Part { part_type, parent, .. }| match parent {
        Some(_) => quote_spanned! { part_type.span() => ::enmasse::__private::part::<#part_type>(); },
        None => quote_spanned! { part_type.span() => ::enmasse::__private::flattened::<#part_type>(); },
    });
    quote! { #(#fields)* #(#parts)* }
}

/// Names for fields and parts with their types' spans, so that an error in a type is reported once, at the
/// type.
pub fn places(model: &Model) -> TokenStream {
    let fields = model.fields.iter().map(|field| (&field.ident, place(field)));
    let parts = model.parts.iter().map(|part| (&part.ident, part_place(part)));
    let places = fields.chain(parts).map(|(ident, place)| quote! { #ident: #place });
    quote! { let Self { #(#places),* } = self; }
}

/// The name for a field.
pub fn place(field: &Field) -> Ident {
    format_ident!("place_of_{}", field.name, span = field.field_type.span())
}

/// The name for a part.
pub fn part_place(part: &Part) -> Ident {
    format_ident!("place_of_{}", crate::names::name(&part.ident), span = part.part_type.span())
}

/// An expression for each position `at`.
pub trait Positions {
    /// For a field.
    fn field(&self, field: &Field) -> TokenStream;
    /// For a position `at` within a part.
    fn part(&self, part: &Part, at: &Ident) -> TokenStream;
    /// For the link to a parent.
    fn link(&self, parent: &Part) -> TokenStream;
    /// For an unknown position.
    fn none(&self) -> TokenStream;
}

/// Selects one of the expressions by `at`.
pub fn dispatch(model: &Model, at: &Ident, positions: &impl Positions) -> TokenStream {
    let mut rest: Option<TokenStream> = None;
    let none = positions.none();
    let after = |rest: &Option<TokenStream>, width: TokenStream| match rest {
        Some(rest) => quote! { let #at = #at - (#width); #rest },
        None => none.clone(),
    };
    for slot in slots(model).iter().rev() {
        let width = width(std::slice::from_ref(slot));
        let after = after(&rest, width.clone());
        rest = Some(match slot {
            Slot::Part(part) => {
                let here = positions.part(part, at);
                quote! { if #at < #width { #here } else { #after } }
            }
            Slot::Link(parent) => {
                let here = positions.link(parent);
                quote! { if #at == 0 { #here } else { #after } }
            }
            Slot::Fields(fields) => {
                let arms = fields.iter().zip(0_usize..).map(|(field, number)| {
                    let here = positions.field(field);
                    quote! { #number => #here }
                });
                quote! { match #at { #(#arms,)* _ => { #after } } }
            }
        });
    }
    rest.unwrap_or(none)
}
