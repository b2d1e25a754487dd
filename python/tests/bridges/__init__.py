"""Models of other packages that Enmasse works with."""
