"""Models with PostgreSQL's own types."""
