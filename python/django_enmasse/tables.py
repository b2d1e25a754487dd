"""Django's models as the engine's tables, kept by connection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
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
    """What is known of the connection, which is open."""
    state = connection.__dict__.get("_enmasse")
    if state is None:
        loads = connection.vendor != "mysql" or _server_loads(connection)
        state = State(_database(connection, loads=loads), loads=loads)
        connection._enmasse = state
    return state  # type: ignore[no-any-return]


def _server_loads(connection: Any) -> bool:
    """Whether the server takes `LOAD DATA LOCAL`."""
    with connection.wrap_database_errors, closing(connection.create_cursor()) as cursor:
        cursor.execute("SELECT @@local_infile")
        return bool(cursor.fetchone()[0])


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
    """The model's tables, with its key and these fields: its own, and where it needs them those that it
    extends."""
    opts = model._meta.concrete_model._meta  # type: ignore[union-attr]
    state = state_of(connection)
    names = tuple(each.attname for each in wanted)
    known = (opts.label, names, settings.USE_TZ, getattr(connection, "timezone", None))
    table = state.tables.get(known)
    if table is None:
        made = _Made(connection, wanted)
        made.add(opts, is_chain=not set(opts.local_concrete_fields).issuperset(wanted))
        table = state.tables[known] = Table(opts.label, made.models, made.readers)
    return table


class _Made:
    """Models on their way to a `Table`, those that are extended first."""

    def __init__(self, connection: Any, wanted: Sequence[models.Field[Any, Any]]) -> None:
        self.connection = connection
        self.wanted = wanted
        self.models: list[tuple[Any, ...]] = []
        self.readers: dict[str, tuple[Any, ...]] = {}
        self.labels: set[str] = set()

    def add(self, opts: Any, *, is_chain: bool) -> None:
        """Adds a model, and where it is a chain those that it extends."""
        if opts.label in self.labels:
            raise Handover("a model that is extended in two ways")
        self.labels.add(opts.label)
        key = list(opts.pk_fields)
        links = (
            []
            if not is_chain
            else [
                (parent._meta.concrete_model._meta, link)
                for parent, link in opts.parents.items()
                if link is not None and link in opts.local_fields
            ]
        )
        links.sort(key=lambda one: one[1] not in key)
        if links and links[0][1] not in key:
            raise Handover("a link to a parent that is not the primary key")
        for above, _ in links:
            self.add(above, is_chain=True)
        linking = [link for _, link in links]
        own = set(opts.local_concrete_fields)
        fields = [*key, *(one for one in self.wanted if one in own and one not in key)]
        columns = [column_of(each, self.connection) for each in fields]
        self.readers |= {column.name: _reader(column) for column in columns}
        named = {column.name for column in columns}
        given = [
            _given(column, field in key, _is_unique(opts, column))
            for field, column in zip(fields, columns, strict=True)
            if field not in linking
        ]
        together = [list(names) for names in _unique_sets(opts) if named.issuperset(names)]
        parents = [(above.label, link.name, link.column) for above, link in links]
        if any(link.name not in self.readers for link in linking):
            self.readers |= {link.name: _reader(column_of(link, self.connection)) for link in linking}
        self.models.append((opts.object_name, opts.label, _quoted(opts.db_table), parents, given, together))


def _unique_sets(opts: Any) -> list[Sequence[str]]:
    constraints = [constraint.fields for constraint in opts.total_unique_constraints]
    return [*opts.unique_together, *constraints]


def _is_unique(opts: Any, column: Column) -> bool:
    return bool(opts.get_field(column.name).unique)


def _given(column: Column, is_key: bool, is_unique: bool) -> tuple[Any, ...]:
    is_unique = is_unique and not is_key
    return column.name, column.column, column.data_type, is_key, is_unique, column.span, column.is_auto


def _reader(column: Column) -> tuple[Any, ...]:
    return column.attname, column.prepare, column.takes_exact, column.takes_null


def _quoted(table: str) -> str:
    """The table's name as the engine takes it: a dot in it separates nothing."""
    if '"' in table or "`" in table:
        raise Handover("a table's name that is quoted already")
    return f'"{table}"' if "." in table else table
