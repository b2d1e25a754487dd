//! `BulkUpdateMixin`.

use std::marker::PhantomData;

use crate::model::embed::Embed;
use crate::model::{Entity, Model};

/// Gives a model, and all that extend it, `bulk_update_where`: lists of fields and values, across the chain
/// of tables.
///
/// Implement it once, for a model or an abstract one. Models that extend or flatten it, and its proxies, have
/// it too.
///
/// ```
/// use enmasse::prelude::*;
/// use enmasse::MixedIn;
///
/// #[derive(Model)]
/// struct BaseUser {
///     #[model(primary_key)]
///     id: i64,
///     name: String,
/// }
///
/// #[derive(Model)]
/// #[model(extends = BaseUser)]
/// struct Customer {
///     base: BaseUser,
///     level: String,
/// }
///
/// impl BulkUpdateMixin for BaseUser {}
///
/// fn has_it<M: MixedIn>() {}
/// has_it::<BaseUser>();
/// has_it::<Customer>();
/// ```
pub trait BulkUpdateMixin: Entity {}

/// A model with [`BulkUpdateMixin`], implemented for it or for a model that it extends.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `BulkUpdateMixin`",
    label = "neither `{Self}` nor a model that it extends opts in",
    note = "write `impl BulkUpdateMixin for {Self} {{}}`, or for the model that it extends"
)]
pub trait MixedIn: Model {}

#[diagnostic::do_not_recommend]
impl<M: Model + Embed<MixedIn: True>> MixedIn for M {}

/// A `bool` as a type.
#[doc(hidden)]
#[derive(Debug)]
pub struct Flag<const ON: bool>;

#[doc(hidden)]
pub trait True {}

impl True for Flag<true> {}

/// Detects `BulkUpdateMixin` by the constant `MIXED_IN`: this one if the type implements it, otherwise that
/// of [`NotMixedIn`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Mixin<T>(PhantomData<T>);

impl<T: BulkUpdateMixin> Mixin<T> {
    pub const MIXED_IN: bool = true;
}

#[doc(hidden)]
pub trait NotMixedIn {
    const MIXED_IN: bool = false;
}

impl<T> NotMixedIn for Mixin<T> {}
