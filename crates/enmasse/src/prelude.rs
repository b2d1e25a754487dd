//! The items that most programs need: `use enmasse::prelude::*;`.

pub use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
pub use enmasse_core::query::Q;
pub use enmasse_core::{DataType, Error, ErrorKind, Result, Value};
pub use rust_decimal::Decimal;
pub use serde_json;
pub use uuid::Uuid;

pub use crate::model::mixin::BulkUpdateMixin;
pub use crate::model::record::Record;
pub use crate::model::{Columns, Entity};
pub use crate::query_set::{BulkUpdate, Objects, QuerySet, Report, Update, exists};
pub use crate::typed::columns::{Assignment, Column, F};
pub use crate::typed::{
    Expression, Functions, Lookups, Typed, case, coalesce, concat, count_rows, greatest, least, now, raw,
    value,
};
pub use crate::{Choices, Database, Manager, Model, Transaction, q, set, values};
