"""The models of the tests of signals, managers and inheritance."""
