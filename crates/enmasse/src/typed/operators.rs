//! `+ - * / %` on columns and expressions.

use std::ops::{Add, Div, Mul, Rem, Sub};

use enmasse_core::query::Operator;

use crate::typed::columns::{Column, Hop, NamedColumn};
use crate::typed::family::{Additive, Number, Untyped};
use crate::typed::field_type::FieldType;
use crate::typed::operand::Operand;
use crate::typed::{Case, Expression, Typed, Unknown};

macro_rules! operators {
    ($([$($generics:tt)*] $left:ty, $base:ty;)*) => {$(
        impl<$($generics)* V: Operand<<$base as Additive>::Right>> Add<V> for $left
        where
            $base: Additive,
        {
            type Output = Typed<$base>;

            fn add(self, other: V) -> Typed<$base> {
                self.plus(other)
            }
        }

        impl<$($generics)* V: Operand<<$base as Additive>::Right>> Sub<V> for $left
        where
            $base: Additive,
        {
            type Output = Typed<$base>;

            fn sub(self, other: V) -> Typed<$base> {
                self.minus(other)
            }
        }

        operators!(@number [$($generics)*] $left, $base, Mul, mul, Multiply);
        operators!(@number [$($generics)*] $left, $base, Div, div, Divide);
        operators!(@number [$($generics)*] $left, $base, Rem, rem, Modulo);
    )*};
    (@number [$($generics:tt)*] $left:ty, $base:ty, $operator:ident, $method:ident, $name:ident) => {
        impl<$($generics)* V: Operand<$base>> $operator<V> for $left
        where
            $base: Number,
        {
            type Output = Typed<$base>;

            fn $method(self, other: V) -> Typed<$base> {
                self.arithmetic(Operator::$name, other)
            }
        }
    };
}

operators! {
    [T: FieldType,] Column<T>, T::Base;
    [C, T: FieldType,] Hop<C, T>, T::Base;
    [B,] Typed<B>, B;
    [B,] Case<B>, B;
    [] NamedColumn, Untyped;
    [] Unknown, Untyped;
}
