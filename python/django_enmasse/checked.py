"""Django's checks of a `bulk_update`, in Django's order and with Django's errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models

NO_KEY = "All bulk_update() objects must have a primary key set."


def check_request(fields: Any, batch_size: int | None) -> None:
    """The checks that are made before the objects are looked at."""
    if batch_size is not None and batch_size <= 0:
        raise ValueError("Batch size must be a positive integer.")
    if not fields:
        raise ValueError("Field names must be given to bulk_update().")


def find_fields(model: type[models.Model], names: Iterable[str]) -> list[Any]:
    """The fields of these names, which may be written."""
    opts = model._meta
    fields = [opts.get_field(name) for name in names]
    if any(not field.concrete or field.many_to_many for field in fields):
        raise ValueError("bulk_update() can only be used with concrete fields.")
    keys = set(opts.pk_fields)
    for parent in opts.all_parents:
        keys.update(parent._meta.pk_fields)
    if any(field in keys for field in fields):
        raise ValueError("bulk_update() cannot be used with primary key fields.")
    return fields


def check_related(objs: Iterable[Any], fields: Sequence[Any]) -> None:
    """No object refers to one that is not saved; looked at for relations only, as there is nothing to see
    for others."""
    if any(field.is_relation for field in fields):
        for obj in objs:
            obj._prepare_related_fields_for_save(operation_name="bulk_update", fields=fields)


def check_keys(objs: Iterable[Any]) -> None:
    """Every object has a primary key."""
    if not all(obj._is_pk_set() for obj in objs):
        raise ValueError(NO_KEY)
