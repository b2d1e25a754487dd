"""A QuerySet's filter as the engine takes it: SQL with places for its parameters, compiled by Django."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet

from django_enmasse.handover import Handover

NOTHING = "the QuerySet has no rows whatever the database holds"
OTHER_TABLES = "the QuerySet's filter reads other tables"
OTHER_ROWS = "the QuerySet's filter reads other rows"
GROUPS = "the QuerySet groups rows"

Condition = tuple[str, list[Any]]


def condition_of(query_set: Any, connection: Any) -> Condition | None:
    """The QuerySet's filter: SQL with `%s` for each parameter, which only the driver reads; or `None`.

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
    return sql, list(params)
