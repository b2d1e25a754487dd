//! The impls that make an enum a field type.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::choices::parse::{Choices, Variants};

pub fn expand(choices: &Choices) -> TokenStream {
    let Choices { ident, variants } = choices;
    let (idents, field_type, families): (Vec<&Ident>, _, _) = match variants {
        Variants::Text(variants) => {
            let idents: Vec<&Ident> = variants.iter().map(|(ident, _)| ident).collect();
            let texts: Vec<_> = variants.iter().map(|(_, text)| text).collect();
            let field_type = quote! {
                fn data_type() -> ::enmasse::DataType {
                    ::enmasse::DataType::TEXT
                }

                fn to_value(&self) -> ::enmasse::Value {
                    ::enmasse::Value::from(match self { #(Self::#idents => #texts,)* })
                }

                fn value_ref(&self) -> ::enmasse::ValueRef<'_> {
                    ::enmasse::ValueRef::Text(match self { #(Self::#idents => #texts,)* })
                }

                fn from_value(value: ::enmasse::Value) -> ::enmasse::Result<Self> {
                    match &value {
                        ::enmasse::Value::Text(text) => match text.as_str() {
                            #(#texts => ::std::result::Result::Ok(Self::#idents),)*
                            _ => ::std::result::Result::Err(::enmasse::__private::not_a_choice::<Self>(&value)),
                        },
                        _ => ::std::result::Result::Err(::enmasse::__private::not_a_choice::<Self>(&value)),
                    }
                }
            };
            let families = quote! {
                #[diagnostic::do_not_recommend]
                impl ::enmasse::__private::MaxLength for #ident {}
                #[diagnostic::do_not_recommend]
                impl ::enmasse::family::Text for #ident {}
                #[diagnostic::do_not_recommend]
                impl ::enmasse::family::Contains for #ident {
                    type Part = ::std::string::String;
                }
            };
            (idents, field_type, families)
        }
        Variants::Integer(variants) => {
            let idents: Vec<&Ident> = variants.iter().map(|(ident, _)| ident).collect();
            let field_type = quote! {
                fn data_type() -> ::enmasse::DataType {
                    ::enmasse::DataType::Integer
                }

                fn to_value(&self) -> ::enmasse::Value {
                    ::enmasse::Value::Int(match self { #(Self::#idents => Self::#idents as i64,)* })
                }

                fn value_ref(&self) -> ::enmasse::ValueRef<'_> {
                    ::enmasse::ValueRef::Int(match self { #(Self::#idents => Self::#idents as i64,)* })
                }

                fn from_value(value: ::enmasse::Value) -> ::enmasse::Result<Self> {
                    match value {
                        #(::enmasse::Value::Int(number) if number == Self::#idents as i64 => {
                            ::std::result::Result::Ok(Self::#idents)
                        })*
                        _ => ::std::result::Result::Err(::enmasse::__private::not_a_choice::<Self>(&value)),
                    }
                }
            };
            (idents, field_type, TokenStream::new())
        }
    };
    let literal = literal(ident);
    quote! {
        impl ::enmasse::FieldType for #ident {
            type Base = Self;

            fn choices() -> ::std::option::Option<::std::vec::Vec<::enmasse::Value>> {
                ::std::option::Option::Some(<Self as ::enmasse::Choices>::values())
            }

            #field_type
        }

        impl ::enmasse::Choices for #ident {
            fn all() -> &'static [Self] {
                &[#(Self::#idents),*]
            }
        }

        #families
        #literal
    }
}

/// The impls that make the enum a value.
fn literal(ident: &Ident) -> TokenStream {
    quote! {
        #[diagnostic::do_not_recommend]
        impl ::enmasse::family::Ordered for #ident {}

        #[diagnostic::do_not_recommend]
        impl ::enmasse::Fits<#ident> for #ident {}

        #[diagnostic::do_not_recommend]
        impl ::enmasse::Fits<::enmasse::family::Untyped> for #ident {}

        #[diagnostic::do_not_recommend]
        impl ::enmasse::Operand<#ident> for #ident {
            type Null = ::enmasse::NeverNull;

            fn into_operand(self) -> ::enmasse::expr::Expr {
                ::enmasse::expr::Expr::Value(::enmasse::FieldType::into_value(self), ::std::option::Option::None)
            }
        }

        #[diagnostic::do_not_recommend]
        impl ::enmasse::Operand<::enmasse::family::Untyped> for #ident {
            type Null = ::enmasse::NeverNull;

            fn into_operand(self) -> ::enmasse::expr::Expr {
                ::enmasse::expr::Expr::Value(::enmasse::FieldType::into_value(self), ::std::option::Option::None)
            }
        }

        #[diagnostic::do_not_recommend]
        impl ::enmasse::Literal<#ident> for #ident {
            fn into_literal(self) -> ::enmasse::Value {
                ::enmasse::FieldType::into_value(self)
            }
        }

        impl ::std::convert::From<#ident> for ::enmasse::Value {
            fn from(choice: #ident) -> Self {
                ::enmasse::FieldType::into_value(choice)
            }
        }
    }
}

/// Dummy impls for an invalid enum, so that its uses are not reported too.
pub fn dummy(name: &Option<Ident>) -> TokenStream {
    let Some(ident) = name else { return TokenStream::new() };
    let literal = literal(ident);
    quote! {
        impl ::enmasse::FieldType for #ident {
            type Base = Self;

            fn data_type() -> ::enmasse::DataType {
                ::std::unreachable!()
            }

            fn to_value(&self) -> ::enmasse::Value {
                ::std::unreachable!()
            }

            fn from_value(_: ::enmasse::Value) -> ::enmasse::Result<Self> {
                ::std::unreachable!()
            }
        }

        impl ::enmasse::Choices for #ident {
            fn all() -> &'static [Self] {
                ::std::unreachable!()
            }
        }

        #[diagnostic::do_not_recommend]
        impl ::enmasse::__private::MaxLength for #ident {}
        #[diagnostic::do_not_recommend]
        impl ::enmasse::family::Text for #ident {}
        #literal
    }
}
