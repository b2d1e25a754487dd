//! A mistake gives a message that says what to do; each file under `ui` holds one kind, with its messages beside it.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
