//! The derives and macros of [Enmasse](https://docs.rs/enmasse), which exports them; what they mean is said there.

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
/// | `manager = UserManager` | what `User::objects(&db)` gives; by default a `QuerySet<User>` |
/// | `managers(active = ActiveUsers)` | further managers, each with a function of its name: `User::active(&db)` |
/// | `extends = BaseUser`, `extends(Place, Shop)` | multi-table inheritance: each row has one in the table of each parent, which a field of the parent's type holds; the key is the first parent's |
/// | `abstract` | no table: columns for the models that hold the struct in a field with `flatten` |
/// | `proxy = User` | on a newtype, `struct Admin(User);`: another type over the same table, with managers of its own |
///
/// The fields' attributes:
///
/// | attribute | meaning |
/// | --- | --- |
/// | `primary_key` | the key, or on several fields a part of a composite one; `Option<i64>` is numbered by the database where it is `None` |
/// | `unique` | no two rows have the same value |
/// | `db_column = "…"` | the column; by default the field's name, and that of a foreign key with `_id` |
/// | `max_length = 20` | the greatest number of characters of a text |
/// | `db_type = "inet"` | a type of the database's own, whose values are texts here |
/// | `max_digits = 8, decimal_places = 2` | the digits of a `Decimal` |
/// | `default`, `default = 5` | the value of a new row that is given none: the type's own default, or this |
/// | `auto_now`, `auto_now_add` | set to the time of each write, or of the first |
/// | `generated = "a + b"` | a generated column with this SQL, which is never written |
/// | `foreign_key = User` | refers to the key of another model, and has its length and digits |
/// | `to_field = "code"` | … or to another unique field of it |
/// | `related_name = "profiles"` | the relation's name from the other side; by default the struct's name in lower case, `"+"` for none |
/// | `flatten` | the columns of an abstract model, in this table |
///
/// A field may be NULL where its type is an `Option`. The derive makes `<Struct>Columns`, what the closures of queries are given: a
/// public `Column` for each field, and for each foreign key a method that leads to the other model's columns, here and, under
/// the related name, there. So a foreign key from another module names its model with its path, or `<Model>Columns` is imported
/// as well, and a model of another crate can only be referred to with `related_name = "+"`.
///
/// A model that extends, flattens or is a proxy of another has its columns as its own: in closures, in keywords, and on the struct, which
/// dereferences to the first. A parent's row is referred to by a field that is named for it, `baseuser_ptr`, and leads to the model by
/// the model's name in lower case, or by a `related_name` on the parent's field, `"+"` for none. A model
/// that names no manager has that of the first abstract model that it flattens and that names one, which is generic over the model:
/// `struct StampedManager<M>(QuerySet<M>);`.
#[proc_macro_derive(Model, attributes(model))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    model::derive(input.into()).into()
}

/// Makes an enum without data a field's type, whose variants are the only values of the field.
///
/// Each variant is a text, its name in snake case or `#[choice(value = "…")]`; with `#[choices(integer)]` on the enum each is
/// the integer that is its discriminant.
#[proc_macro_derive(Choices, attributes(choices, choice))]
pub fn derive_choices(input: TokenStream) -> TokenStream {
    choices::derive(input.into()).into()
}

/// Makes a newtype around a `QuerySet`, or around another manager, a manager: it has their methods, which return the newtype.
#[proc_macro_derive(Manager)]
pub fn derive_manager(input: TokenStream) -> TokenStream {
    manager::derive(input.into()).into()
}

/// A filter by Django's keywords: `q!(last_login__lte = month_ago, user__country__in = ["US", "CA"])`.
///
/// It makes the closure that `filter` takes. The parts of a keyword are fields, relations and transforms, with `__` between; a last
/// part that is a lookup's name is the lookup, and without one it is `exact`. `data["owner"]["age"]__gt` goes into a JSON document.
/// `F(field)` in a value is a field of the row.
///
/// `,` means and, `|` or, `^` xor, `!` not; `,` binds tightest and `|` least, and parentheses group. A value that has one of these
/// operators in it is put in parentheses. With a model before, `q!(User: country = "US")`, the closure can be kept in a variable.
#[proc_macro]
pub fn q(input: TokenStream) -> TokenStream {
    q::expand(input.into()).into()
}

/// What an update sets, by Django's keywords: `set!(is_active = false, points = F(points) * 2)`.
///
/// It makes the closure that `update` takes. `points += 100` is `points = F(points) + 100`, and so are `-=`, `*=`, `/=` and `%=`.
/// With a model before, `set!(User: is_active = false)`, the closure can be kept in a variable.
#[proc_macro]
pub fn set(input: TokenStream) -> TokenStream {
    set::expand(input.into()).into()
}

/// An array of values of different types: `values!["Free", 5, None]`.
#[proc_macro]
pub fn values(input: TokenStream) -> TokenStream {
    values::expand(input.into()).into()
}
