//! Enums that cannot be choices.

use enmasse::prelude::*;

#[derive(Choices)]
enum WithData {
    Free,
    Paid(i32),
}

#[derive(Choices)]
struct NotAnEnum {
    level: i32,
}

#[derive(Choices)]
enum Empty {}

#[derive(Choices)]
enum Numbers {
    One = 1,
    Two = 2,
}

#[derive(Choices)]
#[choices(integer)]
enum Integers {
    One = 1,
    Two,
}

#[derive(Choices)]
#[choices(text)]
enum Attributes {
    #[choice(name = "one")]
    One,
    #[choice(value = 2)]
    Two,
    #[choice(value = "one")]
    Three,
}

#[derive(Model)]
struct User {
    #[model(primary_key)]
    id: i64,
    level: WithData,
}

fn main() {}
