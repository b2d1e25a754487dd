"""Enmasse's engine: it plans bulk updates and encodes their rows."""

__version__: str
