"""Django's models as the engine's tables, kept by connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import models

from django_enmasse._engine import Database, Table
from django_enmasse.fields import Column, column_of
from django_enmasse.handover import Handover


@dataclass(slots=True)
class State:
    """What is known of a connection: it goes with the connection, which is of one thread."""

    database: Database
    tables: dict[Any, Table] = field(default_factory=dict)
    loads: bool = True
    """Whether `LOAD DATA LOCAL` can be had."""


def state_of(connection: Any) -> State:
    """What is known of the connection."""
    state = connection.__dict__.get("_enmasse")
    if state is None:
        state = State(_database(connection, loads=True))
        connection._enmasse = state
    return state  # type: ignore[no-any-return]


def without_load(connection: Any) -> None:
    """Remembers that the server or the driver refuses `LOAD DATA LOCAL`."""
    state = state_of(connection)
    state.loads = False
    state.database = _database(connection, loads=False)


def _database(connection: Any, *, loads: bool) -> Database:
    if connection.vendor == "postgresql":
        from django.db.backends.postgresql.psycopg_any import is_psycopg3

        version = divmod(connection.pg_version, 10_000)
        return Database.postgres(version, True, is_psycopg3)
    if connection.vendor == "mysql":
        version = connection.mysql_version[:2]
        packet = int(connection.mysql_server_data.get("max_allowed_packet", 16 << 20))
        return Database.mysql(version, connection.mysql_is_mariadb, packet, loads)
    if connection.vendor == "sqlite":
        version = connection.Database.sqlite_version_info[:2]
        if version < (3, 35):
            raise Handover("SQLite before 3.35")
        return Database.sqlite(version, 999 if version < (3, 32) else 32_766)
    raise Handover(f"a database that the engine does not know: {connection.vendor}")


def table_of(connection: Any, model: type[models.Model], wanted: Sequence[models.Field[Any, Any]]) -> Table:
    """The model's own table, with its key and these fields."""
    opts = model._meta.concrete_model._meta  # type: ignore[union-attr]
    state = state_of(connection)
    names = tuple(each.attname for each in wanted)
    known = (opts.label, names, settings.USE_TZ, getattr(connection, "timezone", None))
    table = state.tables.get(known)
    if table is None:
        table = state.tables[known] = _table(connection, opts, wanted)
    return table


def _table(connection: Any, opts: Any, wanted: Sequence[models.Field[Any, Any]]) -> Table:
    key = list(opts.pk_fields)
    columns = [column_of(each, connection) for each in [*key, *(one for one in wanted if one not in key)]]
    named = {column.name for column in columns}
    together = [list(names) for names in _unique_sets(opts) if named.issuperset(names)]
    own = [_given(column, place < len(key), _is_unique(opts, column)) for place, column in enumerate(columns)]
    models_ = [(opts.object_name, opts.label, _quoted(opts.db_table), [], own, together)]
    return Table(opts.label, models_, {column.name: _reader(column) for column in columns})


def _unique_sets(opts: Any) -> list[Sequence[str]]:
    constraints = [constraint.fields for constraint in opts.total_unique_constraints]
    return [*opts.unique_together, *constraints]


def _is_unique(opts: Any, column: Column) -> bool:
    return bool(opts.get_field(column.name).unique)


def _given(column: Column, is_key: bool, is_unique: bool) -> tuple[Any, ...]:
    return column.name, column.column, column.data_type, is_key, is_unique and not is_key, column.span


def _reader(column: Column) -> tuple[Any, ...]:
    return column.attname, column.prepare, column.takes_exact, column.takes_null


def _quoted(table: str) -> str:
    """The table's name as the engine takes it: a dot in it separates nothing."""
    if '"' in table or "`" in table:
        raise Handover("a table's name that is quoted already")
    return f'"{table}"' if "." in table else table
