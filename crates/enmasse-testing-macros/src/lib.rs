//! The attribute `test_on` of `enmasse-testing`: one test for each database.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Error, Ident, ItemFn, Result, Token};

/// A database, as its test, its variant of `Kind` and its cargo feature are called.
struct Kind {
    test: &'static str,
    variant: &'static str,
    feature: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind { test: "sqlite", variant: "Sqlite", feature: "sqlite" },
    Kind { test: "postgres", variant: "Postgres", feature: "postgres" },
    Kind { test: "mariadb", variant: "MariaDb", feature: "mysql" },
    Kind { test: "mysql", variant: "Mysql", feature: "mysql" },
];

/// Makes one test for each database of a function that takes a `Kind`.
///
/// The attribute names databases (`sqlite`, `postgres`, `mariadb`, `mysql`) or groups of them (`all`, `servers`, `mysql_family`).
/// `#[test_on(all)] fn x(kind: Kind)` makes the tests `x::sqlite`, `x::postgres`, `x::mariadb` and `x::mysql`. A test whose
/// database's cargo feature is off is shown as ignored.
#[proc_macro_attribute]
pub fn test_on(
    databases: proc_macro::TokenStream,
    function: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    let tests = chosen(databases.into()).and_then(|kinds| tests(&kinds, &syn::parse(function)?));
    tests.unwrap_or_else(Error::into_compile_error).into()
}

/// The databases that the attribute names.
fn chosen(databases: TokenStream) -> Result<Vec<&'static Kind>> {
    let names = Punctuated::<Ident, Token![,]>::parse_terminated.parse2(databases)?;
    let mut chosen = Vec::new();
    for name in &names {
        let members: &[&str] = match name.to_string().as_str() {
            "all" => &["sqlite", "postgres", "mariadb", "mysql"],
            "servers" => &["postgres", "mariadb", "mysql"],
            "mysql_family" => &["mariadb", "mysql"],
            "sqlite" => &["sqlite"],
            "postgres" => &["postgres"],
            "mariadb" => &["mariadb"],
            "mysql" => &["mysql"],
            _ => {
                let known = "all, servers, mysql_family, sqlite, postgres, mariadb or mysql";
                return Err(Error::new(name.span(), format!("unknown database: expected {known}")));
            }
        };
        for kind in KINDS.iter().filter(|kind| members.contains(&kind.test)) {
            if chosen.iter().any(|other: &&Kind| other.test == kind.test) {
                return Err(Error::new(name.span(), format!("{} is named twice", kind.test)));
            }
            chosen.push(kind);
        }
    }
    if chosen.is_empty() {
        return Err(Error::new(proc_macro2::Span::call_site(), "expected the databases of the test"));
    }
    Ok(chosen)
}

/// The function, and beside it a module of the same name with the tests that call it.
fn tests(kinds: &[&Kind], function: &ItemFn) -> Result<TokenStream> {
    let name = &function.sig.ident;
    if function.sig.inputs.len() != 1 || function.sig.asyncness.is_some() {
        return Err(Error::new_spanned(&function.sig, "expected `fn name(kind: Kind)`"));
    }
    let (conditions, attributes): (Vec<_>, Vec<_>) =
        function.attrs.iter().partition(|attribute| attribute.path().is_ident("cfg"));
    let (of_tests, of_function): (Vec<_>, Vec<_>) =
        attributes.into_iter().partition(|attribute| attribute.path().is_ident("ignore"));
    let tests = kinds.iter().map(|kind| {
        let (test, variant) = (format_ident!("{}", kind.test), format_ident!("{}", kind.variant));
        let feature = kind.feature;
        let reason = format!("built without the feature `{feature}`");
        quote! {
            #[test]
            #[cfg_attr(not(feature = #feature), ignore = #reason)]
            #(#of_tests)*
            fn #test() {
                super::#name(::enmasse_testing::Kind::#variant);
            }
        }
    });
    let (signature, body, visibility) = (&function.sig, &function.block, &function.vis);
    Ok(quote! {
        #(#conditions)*
        mod #name {
            #(#tests)*
        }

        #(#conditions)*
        #(#of_function)*
        #visibility #signature #body
    })
}
