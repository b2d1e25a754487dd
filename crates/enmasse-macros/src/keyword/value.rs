//! The value after a keyword.

use proc_macro2::{Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Expr;
use syn::parse::ParseStream;
use syn::spanned::Spanned;

use crate::keyword::replace_fields;
use crate::names::listed;

/// Any expression, in which `F(field)` becomes a column.
pub struct Value(Expr);

impl Value {
    /// Everything up to one of these separators outside of nested expressions.
    pub fn parse_until(input: ParseStream, separators: &[char], after: Span) -> syn::Result<Self> {
        let mut tokens = TokenStream::new();
        // The depth of angle brackets, as in `collect::<HashMap<_, _>>()`, in which commas do not separate.
        let mut angles = 0_usize;
        let mut before = [' ', ' '];
        while !input.is_empty() {
            if let Some((punct, _)) = input.cursor().punct() {
                let mark = punct.as_char();
                if angles == 0 && separators.contains(&mark) {
                    if punct.spacing() == Spacing::Joint && mark == '|' {
                        return Err(syn::Error::new(
                            punct.span(),
                            "write `|` for or; put a value with `|` in parentheses",
                        ));
                    }
                    break;
                }
                match (mark, before) {
                    ('<', [':', ':']) => angles += 1,
                    ('<', _) if angles > 0 => angles += 1,
                    ('>', [_, '-']) => {}
                    ('>', _) => angles = angles.saturating_sub(1),
                    _ => {}
                }
                before = [before[1], mark];
            } else {
                before = [' ', ' '];
            }
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        if tokens.is_empty() {
            return Err(syn::Error::new(after, "expected a value after `=`"));
        }
        let value: Expr =
            syn::parse2(replace_fields(tokens)).map_err(|error| match error.to_string().as_str() {
                "unexpected token" => {
                    let text = format!(
                        "the value ends here: expected one of {}",
                        listed(separators.iter().map(char::to_string))
                    );
                    syn::Error::new(error.span(), text)
                }
                _ => error,
            })?;
        if let Expr::Assign(assign) = &value {
            let text = "conditions are joined by `,` (and), `|` (or) and `^` (xor)";
            return Err(syn::Error::new(assign.eq_token.span(), text));
        }
        Ok(Value(match value {
            Expr::Paren(inside) => *inside.expr,
            value => value,
        }))
    }
}

impl ToTokens for Value {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
