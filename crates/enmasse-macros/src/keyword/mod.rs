//! Keywords: `user__country__in`, `data["owner"]__gt`, and the values that follow them.

mod value;

pub use value::Value;

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, Lit, Token};

use crate::names;

/// The lookups with the methods that make them.
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

/// What the closures of the macros call their columns; no name of the caller's can be the same.
pub fn columns() -> Ident {
    Ident::new("columns", Span::mixed_site())
}

/// The closure that the macros make: of any model, or of the one that stands before `:`.
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

/// `User:` before everything else.
pub fn model_before(input: ParseStream) -> syn::Result<Option<syn::Path>> {
    let fork = input.fork();
    if fork.parse::<syn::Path>().is_err() || !fork.peek(Token![:]) {
        return Ok(None);
    }
    let model = input.parse()?;
    input.parse::<Token![:]>()?;
    Ok(Some(model))
}

/// One keyword: the steps that lead to an expression, and the lookup if one is named.
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
    /// A keyword before an operator, where a last part may be a lookup.
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

    /// Whether it is one name only.
    pub fn is_plain(&self) -> bool {
        matches!(&self.steps[..], [Step::Name(..)])
    }

    /// The expression that the steps lead to.
    pub fn expression(&self) -> TokenStream {
        let columns = columns();
        // In a block that stands where the keyword does, so that messages point at it and not at the whole macro.
        let start = quote_spanned! { self.ident.span() => { #columns } };
        self.steps.iter().fold(start, |before, step| match step {
            Step::Name(name, span) => take_step(&before, name, *span),
            Step::Json(call) => quote! { #before.#call },
        })
    }

    /// The condition on a value.
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

/// One step, with words of our own where there is no such step: rustc would offer to put the name of a method in place of the whole
/// keyword. The trait's method is taken only where the type itself has none.
fn take_step(before: &TokenStream, name: &str, span: Span) -> TokenStream {
    let method = names::step(name, span);
    let message = format!("`{{Self}}` has no field, relation or transform `{name}`");
    let label = format!("no `{name}` here");
    quote_spanned! { span => {
        #[diagnostic::on_unimplemented(
            message = #message,
            label = #label,
            note = "the parts of a keyword are joined by `__`, and a key of a JSON document is written `data[\"key\"]`"
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
                "`{ident}`: the parts of a keyword are names with `__` between, as in `user__country`"
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
