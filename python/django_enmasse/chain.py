"""An update of rows whose keys are kept: one statement for each table of a chain, the root first.

A value that reads another table of the chain (`Vip.objects.update(lounge=F("name"))`) is computed before the
first write, where the keys are found, and is kept with them:

    INSERT INTO enmasse_keys_1 (customer_ptr_id, enmasse_set_0) SELECT vip.customer_ptr_id, user.name FROM
    vip JOIN … UPDATE vip SET lounge = (SELECT k.enmasse_set_0 FROM enmasse_keys_1 k WHERE k.customer_ptr_id
    = vip.customer_ptr_id) …
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldError
from django.db import connections
from django.db.models import Expression, Model, QuerySet, sql

from django_enmasse.keys import KeyTable, column, key_fields, rows_of


class KeptValue(Expression):
    """A value that is kept with the key of the row."""

    def __init__(self, subquery: str, output_field: Any) -> None:
        super().__init__(output_field=output_field)
        self.subquery = subquery

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """The subquery."""
        return self.subquery, ()


def computed_values(rows: QuerySet[Any], values: dict[str, Any]) -> dict[str, Any]:
    """Those of the values that the table of their field alone cannot give."""
    meta = rows.model._meta
    computed = {}
    for name, value in values.items():
        if not hasattr(value, "resolve_expression"):
            continue
        owner = meta.get_field(name).model._meta.concrete_model
        query: Any = rows_of(owner, rows.db).query.chain(sql.UpdateQuery)
        try:
            query.add_update_values({name: value})
        except FieldError:
            _must_be_of_the_chain(rows, value)
            if not _is_by_key(rows.model, owner):
                raise
            computed[name] = value
    return computed


def _must_be_of_the_chain(rows: QuerySet[Any], value: Any) -> None:
    """Only the tables of the chain may be read, which have one row for each of the model's."""
    query = rows.query.clone()
    query.get_initial_alias()
    before = {alias for alias, count in query.alias_refcount.items() if count}
    resolved = value.resolve_expression(query, allow_joins=True, for_save=True)
    if resolved.contains_aggregate:
        raise FieldError("Aggregate functions are not allowed in this query.")
    if resolved.contains_over_clause:
        raise FieldError("Window expressions are not allowed in this query.")
    tables = {parent._meta.db_table for parent in rows.model._meta.all_parents}
    for alias, count in query.alias_refcount.items():
        if count and alias not in before and query.alias_map[alias].table_name not in tables:
            raise FieldError("Joined field references are not permitted in this query")


def _is_by_key(model: type[Model], owner: type[Model]) -> bool:
    """Whether the rows of a table of the chain have the keys of the model's rows."""
    return all(step.join_field.primary_key for step in model._meta.get_path_to_parent(owner))


def update_rows(
    rows: QuerySet[Any], keys: Any, size: int, values: dict[str, Any], using: str, table: KeyTable | None
) -> int:
    """Sets the values in the rows that have these keys. What is computed is in the table."""
    if not size:
        return 0
    computed = list(table.computed) if table is not None else []
    if rows.query.annotations and not computed:
        # The values may refer to annotations, which are the QuerySet's own.
        inner: Any = rows.using(using).filter(pk__in=keys)
        return QuerySet.update(inner._enmasse_as_inner(), **values)
    meta = rows.model._meta
    tables: dict[type[Model], dict[str, Any]] = {}
    for name, value in values.items():
        owner: Any = meta.get_field(name).model._meta.concrete_model
        tables.setdefault(owner, {})[name] = value
    is_mysql = connections[using].vendor == "mysql"
    written = size
    for owner in sorted(tables, key=lambda each: len(each._meta.all_parents)):
        target = rows_of(owner, using)
        if _is_by_key(rows.model, owner):
            target = target.filter(pk__in=keys)
        else:
            links = rows_of(rows.model, using).filter(pk__in=keys)
            target = target.filter(pk__in=links.values(owner._meta.pk.name))
        if owner is meta.concrete_model and is_mysql and rows.query.order_by:
            target = target.order_by(*rows.query.order_by)
        plain = {name: value for name, value in tables[owner].items() if name not in computed}
        kept = [name for name in tables[owner] if name in computed]
        if kept and table is not None and not is_mysql:
            plain.update((name, _kept(table, owner, name)) for name in kept)
        count = target.update(**plain) if plain else 0
        if kept and table is not None and is_mysql:
            _join(table, owner, kept)
        if owner is meta.concrete_model and plain:
            written = count
    return written


def _kept(table: KeyTable, owner: Any, name: str) -> KeptValue:
    quote = connections[table.using].ops.quote_name
    subquery = (
        f"(SELECT k.{quote(table.computed_column(name))} FROM {quote(table.name)} k "
        f"WHERE k.{quote(_key(table.model))} = {quote(owner._meta.db_table)}.{quote(_key(owner))})"
    )
    return KeptValue(subquery, owner._meta.get_field(name))


def _join(table: KeyTable, owner: Any, names: list[str]) -> None:
    """MySQL reads a temporary table only once in a statement."""
    connection = connections[table.using]
    quote = connection.ops.quote_name
    values = ", ".join(
        f"t.{quote(owner._meta.get_field(name).column)} = k.{quote(table.computed_column(name))}"
        for name in names
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(owner._meta.db_table)} t JOIN {quote(table.name)} k "
            f"ON t.{quote(_key(owner))} = k.{quote(_key(table.model))} SET {values}"
        )


def _key(model: type[Model]) -> str:
    return column(key_fields(model)[0])
