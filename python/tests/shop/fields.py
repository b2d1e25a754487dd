"""Custom fields, as projects have them."""

from __future__ import annotations

import codecs
from typing import Any

from django.db import models


class SecretField(models.TextField):
    """A text that is stored turned: what an encrypted field does."""

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """The stored text."""
        value = super().get_db_prep_save(value, connection)
        if value is None or hasattr(value, "as_sql"):
            return value
        return "secret:" + codecs.encode(value, "rot13")

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The text."""
        return value if value is None else codecs.decode(value.removeprefix("secret:"), "rot13")


class UpperField(models.CharField):
    """A text in capitals: the conversion of Django's own class is replaced."""

    def get_prep_value(self, value: Any) -> Any:
        """The stored text."""
        value = super().get_prep_value(value)
        return value if value is None else value.upper()


class PlainCharField(models.CharField):
    """A class of its own without methods of its own."""


class CentsField(models.Field):
    """A field with a column type of its own, kept as a whole number."""

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        return "integer"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The stored number."""
        return value if value is None else round(value * 100)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The amount."""
        return value if value is None else value / 100


class StampField(models.DateTimeField):
    """A time that its `pre_save` sets: `bulk_update` does not run it."""

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        """Fails where it is run by a bulk update of Django's semantics."""
        if getattr(model_instance, "no_pre_save", False):
            raise AssertionError("bulk_update ran pre_save")
        return super().pre_save(model_instance, add)
