"""A QuerySet's filter as the engine takes it: SQL with places for its parameters, compiled by Django."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet

from django_enmasse.handover import Handover

NOTHING = "the QuerySet has no rows whatever the database holds"
OTHER_TABLES = "the QuerySet's filter reads other tables"
OTHER_ROWS = "the QuerySet's filter reads other rows"
OTHER_SQL = "the QuerySet's filter has SQL that the engine does not read"
PARAMETER = "the QuerySet's filter has a parameter of the class {}"
GROUPS = "the QuerySet groups rows"

Condition = tuple[str, list[Any]]

BASES: tuple[type[Any], ...] = (bool, int, float, str, bytes)
EXACT = (
    datetime.datetime,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    uuid.UUID,
    type(None),
)


def condition_of(query_set: Any, connection: Any) -> Condition | None:
    """The QuerySet's filter: SQL with `{}` for each parameter; `None` where it has none.

    Raises `Handover` where it is more than a condition on the columns of the row.
    """
    query = query_set.query
    if not query.where:
        return None
    if query.group_by is not None or query.where.contains_aggregate or query.where.contains_over_clause:
        raise Handover(GROUPS)
    query = query.clone()
    query.get_initial_alias()
    if query.count_active_tables() != 1:
        raise Handover(OTHER_TABLES)
    try:
        sql, params = query.get_compiler(connection=connection).compile(query.where)
    except EmptyResultSet:
        raise Handover(NOTHING) from None
    except FullResultSet:
        return None
    if "SELECT" in sql.upper():
        raise Handover(OTHER_ROWS)
    pieces = sql.replace("%%", "\0").split("%s")
    if len(pieces) != len(params) + 1 or any(mark in piece for piece in pieces for mark in "{}%"):
        raise Handover(OTHER_SQL)
    return "{}".join(pieces).replace("\0", "%"), [_plain(one) for one in params]


def _plain(param: Any) -> Any:
    """The parameter as a plain value of Python's."""
    if type(param) in EXACT:
        return param
    for base in BASES:
        if isinstance(param, base):
            return base(param)
    raise Handover(PARAMETER.format(type(param).__name__))
