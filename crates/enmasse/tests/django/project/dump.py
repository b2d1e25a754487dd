"""Rows as Django reads them, as JSON in which nothing is lost.

Django must also find each row by what it read: then what is stored is what Django itself would have stored.
"""

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, localcontext
from uuid import UUID

from django.apps import apps
from django.db import models


def dump(*labels):
    return [list(rows(apps.get_model(label))) for label in labels]


def shown(value):
    match value:
        case Decimal():
            with localcontext(prec=100):
                return format(value.normalize(), "f")
        case datetime():
            return value.astimezone(timezone.utc).isoformat(timespec="microseconds")
        case time():
            return value.isoformat(timespec="microseconds")
        case timedelta():
            return value // timedelta(microseconds=1)
        case date() | UUID():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return value


def rows(model):
    fields = model._meta.concrete_fields
    # In Python, SQL's NULL and JSON's null are both None.
    documents = {field.attname for field in fields if isinstance(field, models.JSONField)}
    is_null = {f"{name}_is_null": expression_of(models.Q(**{f"{name}__isnull": True})) for name in documents}
    for row in model._base_manager.annotate(**is_null).order_by("pk"):
        line, lookups = {}, {}
        for field in fields:
            name, value = field.attname, getattr(row, field.attname)
            line[name] = shown(value)
            lookup = {name: value} if value is not None else {f"{name}__isnull": True}
            if name in documents and not getattr(row, f"{name}_is_null"):
                line[name], lookup = {"json": value}, {name: value}
            # SQLite computes with floats, and Django does not find what came of it.
            if not field.generated:
                lookups |= lookup
        find(model, row.pk, lookups)
        yield line


def expression_of(condition):
    return models.ExpressionWrapper(condition, models.BooleanField())


def find(model, pk, lookups):
    row = model._base_manager.filter(pk=pk)
    if row.filter(**lookups).exists():
        return
    lost = [
        f"{lookup} = {value!r}"
        for lookup, value in lookups.items()
        if not row.filter(**{lookup: value}).exists()
    ]
    raise LookupError(f"{model._meta.label} {pk}: Django does not find it by {', '.join(lost)}")
