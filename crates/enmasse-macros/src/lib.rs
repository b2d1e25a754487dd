//! The derives and macros of [Enmasse](https://docs.rs/enmasse), which re-exports and documents them.

mod attributes;
mod choices;
mod errors;
mod keyword;
mod manager;
mod model;
mod names;
mod q;
mod set;
mod values;

use proc_macro::TokenStream;

/// Makes a struct a model: a table whose rows are values of the struct.
///
/// The struct's attributes, in `#[model(…)]`:
///
/// | attribute | meaning |
/// | --- | --- |
/// | `table = "users"` | the table; by default the struct's name in snake case |
/// | `unique_together(a, b)` | fields that are unique together; may be repeated |
/// | `manager = UserManager` | the result of `User::objects(&db)`; by default a `QuerySet<User>` |
/// | `managers(active = ActiveUsers)` | further managers, each with a function of its name: `User::active(&db)` |
/// | `extends = BaseUser`, `extends(Place, Shop)` | multi-table inheritance: each row has a row in the table of each parent, held in a field of the parent's type; the key is the first parent's |
/// | `abstract` | no table: columns for models that have the struct in a field with `flatten` |
/// | `proxy = User` | on a newtype, `struct Admin(User);`: another type over the same table, with its own managers |
///
/// The fields' attributes:
///
/// | attribute | meaning |
/// | --- | --- |
/// | `primary_key` | the key, or on several fields a composite key; the database numbers an `Option<i64>` that is `None` |
/// | `unique` | no two rows have the same value |
/// | `db_column = "…"` | the column; by default the field's name, with `_id` for a foreign key |
/// | `max_length = 20` | the maximum number of characters of a text |
/// | `db_type = "inet"` | a type of the database, with texts as its values |
/// | `max_digits = 8, decimal_places = 2` | the digits of a `Decimal` |
/// | `default`, `default = 5` | the default in a new row: that of the type, or this value |
/// | `auto_now`, `auto_now_add` | set to the time of each write, or of the first |
/// | `generated = "a + b"` | a generated column with this SQL, which is never written |
/// | `foreign_key = User` | refers to the key of another model, and takes its length and digits |
/// | `to_field = "code"` | the referenced field, if it is not the key; it must be unique |
/// | `related_name = "profiles"` | the reverse name of the relation; by default the struct's name in lower case, `"+"` for none |
/// | `flatten` | adds the columns of an abstract model to this table |
///
/// A field whose type is an `Option` may be NULL. The derive generates `<Struct>Columns`, the argument of
/// queries' closures. It has a public `Column` for each field, and for each foreign key a method that returns
/// the other model's columns. The other model's columns have such a method with the related name. A foreign
/// key to a model in another module must therefore name it with its path, or `<Model>Columns` must be
/// imported too. A model of another crate can only be referred to with `related_name = "+"`.
///
/// A model that extends, flattens or proxies another uses its columns like its own: in closures, in keywords,
/// and on the struct, which dereferences to the first part. The link to a parent's row is a field named after
/// the parent, `baseuser_ptr`. The parent refers to the model by the model's name in lower case, or by a
/// `related_name` on the parent's field, `"+"` for none. A model without its own manager uses that of the
/// first abstract model that it flattens and that has one. Such a manager is generic over the model: `struct
/// StampedManager<M>(QuerySet<M>);`.
#[proc_macro_derive(Model, attributes(model))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    model::derive(input.into()).into()
}

/// Makes an enum without data a field type, whose variants are the only values of the field.
///
/// Each variant is a text, its name in snake case or `#[choice(value = "…")]`. With `#[choices(integer)]` on
/// the enum, each is the integer of its discriminant.
#[proc_macro_derive(Choices, attributes(choices, choice))]
pub fn derive_choices(input: TokenStream) -> TokenStream {
    choices::derive(input.into()).into()
}

/// Makes a newtype around a `QuerySet`, or around another manager, a manager. It has their methods, which
/// return the newtype.
#[proc_macro_derive(Manager)]
pub fn derive_manager(input: TokenStream) -> TokenStream {
    manager::derive(input.into()).into()
}

/// A filter by Django's keywords: `q!(last_login__lte = month_ago, user__country__in = ["US", "CA"])`.
///
/// It generates the closure that `filter` takes. The parts of a keyword are fields, relations and transforms,
/// separated by `__`. A last part with a lookup's name is the lookup; the default is `exact`.
/// `data["owner"]["age"]__gt` refers to a value in a JSON document. `F(field)` in a value is a field of the
/// row.
///
/// `,` means and, `|` or, `^` xor, `!` not. `,` binds tightest and `|` loosest; parentheses group. A value
/// that contains one of these operators needs parentheses. With a model at the start, `q!(User: country =
/// "US")`, the closure can be stored in a variable.
#[proc_macro]
pub fn q(input: TokenStream) -> TokenStream {
    q::expand(input.into()).into()
}

/// The assignments of an update, by Django's keywords: `set!(is_active = false, points = F(points) * 2)`.
///
/// It generates the closure that `update` takes. `points += 100` is `points = F(points) + 100`; `-=`, `*=`,
/// `/=` and `%=` work in the same way. With a model at the start, `set!(User: is_active = false)`, the
/// closure can be stored in a variable.
#[proc_macro]
pub fn set(input: TokenStream) -> TokenStream {
    set::expand(input.into()).into()
}

/// An array of values of different types: `values!["Free", 5, None]`.
#[proc_macro]
pub fn values(input: TokenStream) -> TokenStream {
    values::expand(input.into()).into()
}
