//! Compile errors say what to do; each file under `ui` has one kind of error, with its messages.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
