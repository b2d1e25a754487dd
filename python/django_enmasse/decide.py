"""Whether the engine takes a call: one reason a line for which it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from django_enmasse._engine import Table
from django_enmasse.conditions import Condition, condition_of
from django_enmasse.handover import Handover
from django_enmasse.tables import State, state_of, table_of

SLICE = "the QuerySet is a slice, or made of several"
CHAIN = "the QuerySet has a filter, and the fields are in several tables"
OWN_METHOD = "the QuerySet has a method of its own that Django's bulk_update calls: {}"
GENERATED = "all fields are generated"
PIPELINE = "the connection is in pipeline mode, which refuses COPY"
TEXT_KEY = "the key is a text, and only the database knows which texts are the same"

TEXTS = (models.CharField, models.TextField)

PLAIN_TEXTS = (models.CharField, models.EmailField, models.SlugField, models.TextField, models.URLField)
"""Texts that are the same where their bytes are, unless a collation is declared or MySQL's tables have
one."""


def take(
    query_set: models.QuerySet[Any], connection: Any, fields: Sequence[Any], *, is_patch: bool
) -> tuple[State, Table, list[Any], Condition | None]:
    """What the engine needs to take the call: what is known of the connection, the table, the fields, the
    filter.

    Raises `Handover` with the reason where it does not take it.
    """
    query = query_set.query
    if query.is_sliced or query.combinator or query.distinct_fields or query.extra_tables:
        raise Handover(SLICE)
    if is_patch:
        for name in ("filter", "update", "using"):
            if not getattr(getattr(type(query_set), name), "__module__", "").startswith(PLAIN):
                raise Handover(OWN_METHOD.format(name))
    wanted = list(dict.fromkeys(field for field in fields if not field.generated))
    if not wanted:
        raise Handover(GENERATED)
    opts = query_set.model._meta.concrete_model._meta
    if is_patch and any(_is_collated(field, connection) for field in opts.pk_fields):
        raise Handover(TEXT_KEY)
    if _is_in_pipeline(connection):
        raise Handover(PIPELINE)
    condition = condition_of(query_set, connection)
    if condition is not None and not set(opts.local_concrete_fields).issuperset(wanted):
        raise Handover(CHAIN)
    return state_of(connection), table_of(connection, query_set.model, wanted), wanted, condition


PLAIN = ("django.db.models", "django_enmasse")
"""Modules whose methods are Django's, or the engine's."""


def _is_collated(field: Any, connection: Any) -> bool:
    """Whether the database may take two texts of the key for the same."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    if not isinstance(field, TEXTS):
        return False
    return connection.vendor == "mysql" or type(field) not in PLAIN_TEXTS or field.db_collation is not None


def _is_in_pipeline(connection: Any) -> bool:
    pgconn = getattr(connection.connection, "pgconn", None)
    return pgconn is not None and bool(pgconn.pipeline_status)
