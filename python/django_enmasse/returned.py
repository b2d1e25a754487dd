"""Rows that come back from a write, as objects of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db import models

from django_enmasse._engine import Update
from django_enmasse.fields import KINDS, RELATIONS


def rows_of(query_set: Any, update: Update, rows: Sequence[tuple[Any, ...]], connection: Any) -> list[Any]:
    """The rows as they are, or pairs of them as they were and as they are."""
    model = query_set.model
    names = update.fields
    fields = [model._meta.get_field(name) for name in names]
    own = [_converter(one, connection) for one in fields]
    attnames = [one.attname for one in fields]
    wanted = [one.attname for one in model._meta.concrete_fields]

    def made(values: Sequence[Any]) -> Any:
        plain = [convert(value) if convert else value for convert, value in zip(own, values, strict=True)]
        by_name = dict(zip(attnames, plain, strict=True))
        return model.from_db(connection.alias, wanted, [by_name[name] for name in wanted])

    width = len(names)
    if rows and len(rows[0]) == 2 * width:
        return [(made(row[:width]), made(row[width:])) for row in rows]
    return [made(row) for row in rows]


def _converter(field: Any, connection: Any) -> Any:
    """What a field of documents, or one that is not Django's own, makes of a database's value."""
    if isinstance(field, models.JSONField):
        return lambda value: cast(Any, field).from_db_value(value, None, connection)
    if type(field) in KINDS or type(field) in RELATIONS or not hasattr(field, "from_db_value"):
        return None
    return lambda value: field.from_db_value(value, None, connection)
