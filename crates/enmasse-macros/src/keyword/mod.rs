//! Keywords: `user__country__in`, `data["owner"]__gt`, and the values that follow them.

mod value;

pub use value::Value;

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, Lit, Token};

use crate::names;

/// The lookups with their methods.
const LOOKUPS: [(&str, &str); 21] = [
    ("exact", "eq"),
    ("iexact", "iexact"),
    ("contains", "contains"),
    ("icontains", "icontains"),
    ("startswith", "starts_with"),
    ("istartswith", "istarts_with"),
    ("endswith", "ends_with"),
    ("iendswith", "iends_with"),
    ("in", "in_"),
    ("range", "range"),
    ("isnull", "is_null"),
    ("gt", "gt"),
    ("gte", "gte"),
    ("lt", "lt"),
    ("lte", "lte"),
    ("regex", "regex"),
    ("iregex", "iregex"),
    ("has_key", "has_key"),
    ("has_keys", "has_keys"),
    ("has_any_keys", "has_any_keys"),
    ("contained_by", "contained_by"),
];

/// The closures' name for their columns; it cannot collide with the caller's names.
pub fn columns() -> Ident {
    Ident::new("columns", Span::mixed_site())
}

/// The closure that the macros generate, for any model or for the one before `:`.
pub fn closure(model: Option<syn::Path>, body: TokenStream) -> TokenStream {
    let columns = columns();
    let of_model = model.map(|model| quote! { : ::enmasse::Columns<#model> });
    quote! {
        |#columns #of_model| {
            #[allow(unused_imports)]
            use ::enmasse::{Expression as _, Functions as _, Lookups as _};
            let _ = #columns;
            #body
        }
    }
}

/// `User:` at the start.
pub fn model_before(input: ParseStream) -> syn::Result<Option<syn::Path>> {
    let fork = input.fork();
    if fork.parse::<syn::Path>().is_err() || !fork.peek(Token![:]) {
        return Ok(None);
    }
    let model = input.parse()?;
    input.parse::<Token![:]>()?;
    Ok(Some(model))
}

/// A keyword: the steps to an expression, and an optional lookup.
pub struct Keyword {
    pub ident: Ident,
    steps: Vec<Step>,
    lookup: Option<&'static str>,
}

/// One part of a keyword.
enum Step {
    /// A field, a relation or a transform.
    Name(String, Span),
    /// A key or a position in a JSON document.
    Json(TokenStream),
}

impl Keyword {
    /// A keyword before an operator, whose last part may be a lookup.
    pub fn parse_lookup(input: ParseStream) -> syn::Result<Self> {
        let mut keyword: Keyword = input.parse()?;
        if let [_, .., Step::Name(last, _)] = &keyword.steps[..]
            && let Some((_, method)) = LOOKUPS.iter().find(|(name, _)| name == last)
        {
            keyword.lookup = Some(*method);
            keyword.steps.pop();
        }
        Ok(keyword)
    }

    /// Whether it is a single name.
    pub fn is_plain(&self) -> bool {
        matches!(&self.steps[..], [Step::Name(..)])
    }

    /// The expression of the steps.
    pub fn expression(&self) -> TokenStream {
        let columns = columns();
        // A block with the keyword's span, so that errors point at the keyword and not at the whole macro.
        let start = quote_spanned! { self.ident.span() => { #columns } };
        self.steps.iter().fold(start, |before, step| match step {
            Step::Name(name, span) => take_step(&before, name, *span),
            Step::Json(call) => quote! { #before.#call },
        })
    }

    /// The comparison with a value.
    pub fn condition(&self, value: &Value) -> TokenStream {
        let expression = self.expression();
        let method = Ident::new(self.lookup.unwrap_or("eq"), self.ident.span());
        quote_spanned! { self.ident.span() => #expression.#method(#value) }
    }
}

impl Parse for Keyword {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let ident = input.call(Ident::parse_any)?;
        let mut steps = Vec::new();
        add_names(&mut steps, &ident, &names::name(&ident))?;
        loop {
            if input.peek(syn::token::Bracket) {
                let content;
                syn::bracketed!(content in input);
                steps.push(Step::Json(json_step(&content)?));
            } else if input.peek(Ident::peek_any) && !steps.is_empty() {
                let more = input.call(Ident::parse_any)?;
                let Some(names) = names::name(&more).strip_prefix("__").map(str::to_owned) else {
                    return Err(syn::Error::new(
                        more.span(),
                        format!("expected `=` and a value, or a lookup: `__{more}`"),
                    ));
                };
                add_names(&mut steps, &more, &names)?;
            } else {
                return Ok(Keyword { ident, steps, lookup: None });
            }
        }
    }
}

/// One step, with our own error for an unknown step: rustc would suggest replacing the whole keyword with a
/// method's name. The trait's method is used only if the type has none.
fn take_step(before: &TokenStream, name: &str, span: Span) -> TokenStream {
    let method = names::step(name, span);
    let message = format!("`{{Self}}` has no field, relation or transform `{name}`");
    let label = format!("no `{name}` here");
    quote_spanned! { span => {
        #[diagnostic::on_unimplemented(
            message = #message,
            label = #label,
            note = "join the parts of a keyword by `__`, and write a key of a JSON document as `data[\"key\"]`"
        )]
        #[allow(dead_code)]
        trait __Known {}

        #[diagnostic::do_not_recommend]
        impl __Known for ::enmasse::__private::Unknown {}

        #[allow(dead_code, non_snake_case)]
        trait __Step: ::enmasse::__private::Steps {
            fn #method(self) -> ::enmasse::__private::Unknown
            where
                Self: __Known,
            {
                ::enmasse::__private::Unknown
            }
        }

        impl<T: ::enmasse::__private::Steps> __Step for T {}

        #before.#method()
    }}
}

fn add_names(steps: &mut Vec<Step>, ident: &Ident, names: &str) -> syn::Result<()> {
    for name in names.split("__") {
        if name.is_empty() || name.ends_with('_') {
            let text = format!(
                "`{ident}`: the parts of a keyword are names separated by `__`, as in `user__country`"
            );
            return Err(syn::Error::new(ident.span(), text));
        }
        steps.push(Step::Name(name.to_owned(), ident.span()));
    }
    Ok(())
}

/// `["owner"]` or `[0]`.
fn json_step(content: ParseStream) -> syn::Result<TokenStream> {
    let step: Expr = content.parse()?;
    match &step {
        Expr::Lit(ExprLit { lit: Lit::Int(_), .. }) => Ok(quote! { index(#step) }),
        _ if content.is_empty() => Ok(quote! { key(#step) }),
        _ => Err(content.error("expected one key or position: `[\"owner\"]` or `[0]`")),
    }
}

/// `F(user__country)` anywhere in a value becomes the column.
pub fn replace_fields(tokens: TokenStream) -> TokenStream {
    use proc_macro2::{Group, TokenTree};

    let mut replaced = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut after_path = false;
    while let Some(token) = tokens.next() {
        let is_field = matches!(&token, TokenTree::Ident(ident) if ident == "F") && !after_path;
        after_path = matches!(&token, TokenTree::Punct(punct) if [':', '.'].contains(&punct.as_char()));
        let token = match (token, tokens.peek()) {
            (TokenTree::Ident(f), Some(TokenTree::Group(group)))
                if is_field && group.delimiter() == Delimiter::Parenthesis =>
            {
                match syn::parse2::<Keyword>(group.stream()) {
                    Ok(field) => {
                        tokens.next();
                        replaced.extend(field.expression());
                        continue;
                    }
                    Err(_) => TokenTree::Ident(f),
                }
            }
            (TokenTree::Group(group), _) => {
                let mut inner = Group::new(group.delimiter(), replace_fields(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            (token, _) => token,
        };
        replaced.extend([token]);
    }
    replaced
}
