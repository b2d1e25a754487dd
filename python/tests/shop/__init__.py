"""The models of the tests."""
