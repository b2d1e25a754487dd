"""Keys of rows, kept in the database: a temporary table that a QuerySet reads as a subquery.

The table has the columns of the model's primary key under their own names, so that a QuerySet of the model
itself can read it: only the table that it begins with is another.

    CREATE TEMPORARY TABLE enmasse_keys_1 AS SELECT id FROM users WHERE 1 = 0
    INSERT INTO enmasse_keys_1 SELECT id FROM users WHERE country = 'US' ORDER BY id FOR UPDATE
    UPDATE profiles SET … WHERE user_id IN (SELECT id FROM enmasse_keys_1)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connections
from django.db.models import ExpressionWrapper, Field, Model, Q, QuerySet
from django.db.models.sql import Query

CHUNK = 500
"""Keys in one condition: within the number of parameters that each database takes."""

_numbers = itertools.count(1)


class KeyQuery(Query):
    """A query that reads a table of keys in place of its model's table."""

    enmasse_table: str

    def get_initial_alias(self) -> str:
        """The first table of the query."""
        if self.alias_map:
            alias: str = self.base_table
            self.ref_alias(alias)
        else:
            alias = self.join(self.base_table_class(self.enmasse_table, None))
        return alias


def column(field: Field[Any, Any]) -> str:
    """The column of a field that has one."""
    assert field.column is not None
    return field.column


def key_fields(model: type[Model]) -> list[Field[Any, Any]]:
    """The fields of the primary key, of which a composite one has several."""
    return list(model._meta.pk_fields)


def rows_of(model: type[Model], using: str) -> QuerySet[Any]:
    """All rows of the model, whatever its managers leave out."""
    return QuerySet(model, using=using)


class KeyTable:
    """The keys of the rows that a write is for.

    With them are kept, on request, values that these rows have before it, and values that are computed for
    it.
    """

    def __init__(
        self,
        model: type[Model],
        using: str,
        old: Sequence[Field[Any, Any]] = (),
        computed: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.using = using
        self.old = list(old)
        self.computed = dict(computed or {})
        """Expressions by the name of the field that they are for."""
        self.size = 0
        self.name = f"enmasse_keys_{next(_numbers)}"
        self._connection = connections[using]

    def create(self) -> None:
        """Makes the table, empty. PostgreSQL drops it at the latest with the end of the transaction."""
        quote = self._connection.ops.quote_name
        meta = self.model._meta
        columns = [f"t.{quote(column(field))}" for field in key_fields(self.model)]
        joins = []
        kept: list[tuple[Any, str]] = [(field, self._old_column(at)) for at, field in enumerate(self.old)]
        kept += [(meta.get_field(name), self.computed_column(name)) for name in self.computed]
        for at, (field, name) in enumerate(kept):
            owner = field.model._meta
            if owner.concrete_model is meta.concrete_model:
                source = "t"
            else:
                source = f"o{at}"
                joins.append(f"CROSS JOIN {quote(owner.db_table)} {source}")
            columns.append(f"{source}.{quote(column(field))} AS {quote(name)}")
        on_commit = " ON COMMIT DROP" if self._connection.vendor == "postgresql" else ""
        index = ""
        if self._connection.vendor == "mysql":
            # MariaDB reads the table anew for each row that a subquery is asked about.
            names = ", ".join(quote(column(field)) for field in key_fields(self.model))
            index = f" (PRIMARY KEY ({names}))"
        # No row is read: the statement is for the columns, of whatever types and collations the model's
        # table has.
        self._execute(
            f"CREATE TEMPORARY TABLE {quote(self.name)}{index}{on_commit} AS "
            f"SELECT {', '.join(columns)} FROM {quote(meta.db_table)} t {' '.join(joins)} WHERE 1 = 0"
        )

    def drop(self) -> None:
        """Drops the table."""
        temporary = "TEMPORARY " if self._connection.vendor == "mysql" else ""
        self._execute(f"DROP {temporary}TABLE IF EXISTS {self._connection.ops.quote_name(self.name)}")

    def fill(self, rows: QuerySet[Any]) -> int:
        """Keeps the keys of the rows of a QuerySet and locks these, in the order of their keys. Says how
        many they are.
        """
        return self._insert(to_lock(rows, self.using))

    def fill_matching(
        self, rows: QuerySet[Any], match: Sequence[str], values: Iterable[tuple[Any, ...]]
    ) -> int:
        """Keeps the keys of those rows of a QuerySet whose fields `match` have one of the values."""
        for condition in conditions(match, values):
            self.fill(rows.filter(condition))
        return self.size

    def query_set(self) -> QuerySet[Any]:
        """The keys, as a QuerySet of `values("pk")`: for a subquery, or to be read."""
        query = KeyQuery(self.model)
        query.enmasse_table = self.name
        return pks_of(QuerySet(self.model, query=query, using=self.using))

    def old_rows(self, size: int = CHUNK) -> Iterator[list[tuple[Any, dict[str, Any]]]]:
        """The values that rows had before the write, chunk after chunk: each a key and a dict by field."""
        names = [field.attname for field in self.old]
        after: Any = None
        while True:
            keys = self.query_set().order_by("pk")
            if after is not None:
                keys = keys.filter(pk__gt=after)
            chunk = list(keys[:size])
            if not chunk:
                return
            read = self._read_old(chunk)
            yield [(key, dict(zip(names, read[key], strict=True))) for key in chunk]
            after = chunk[-1]

    def _read_old(self, keys: list[Any]) -> dict[Any, list[Any]]:
        """The old values of some rows, as their fields read them."""
        connection = self._connection
        quote = connection.ops.quote_name
        query = self.query_set().filter(pk__in=keys).query
        compiler = query.get_compiler(self.using)
        condition, params = compiler.compile(query.where)
        fields = [*key_fields(self.model), *self.old]
        converters = compiler.get_converters([field.get_col(query.base_table) for field in fields])
        columns = [quote(column(field)) for field in key_fields(self.model)]
        columns += [quote(self._old_column(at)) for at in range(len(self.old))]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(columns)} FROM {quote(self.name)} WHERE {condition}", params)
            rows: Iterable[Any] = cursor.fetchall()
        if converters:
            rows = compiler.apply_converters(rows, converters)
        parts = len(key_fields(self.model))
        read = {}
        for row in rows:
            row = list(row)
            read[row[0] if parts == 1 else tuple(row[:parts])] = row[parts:]
        return read

    def _insert(self, rows: QuerySet[Any]) -> int:
        connection = self._connection
        computed: dict[str, Any] = {}
        for name, value in self.computed.items():
            target: Any = self.model._meta.get_field(name)
            while target.is_relation:
                target = target.target_field
            computed[self.computed_column(name)] = ExpressionWrapper(value, output_field=target)
        names = [field.attname for field in [*key_fields(self.model), *self.old]]
        selected = rows.annotate(**computed).values_list(*names, *computed)
        try:
            sql, params = selected.query.get_compiler(self.using).as_sql()
        except EmptyResultSet:
            return self.size
        quote = connection.ops.quote_name
        columns = [quote(column(field)) for field in key_fields(self.model)]
        columns += [quote(self._old_column(at)) for at in range(len(self.old))]
        columns += [quote(name) for name in computed]
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {quote(self.name)} ({', '.join(columns)}) {sql}", params)
            self.size += cursor.rowcount
        return self.size

    def _execute(self, sql: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)

    def computed_column(self, name: str) -> str:
        """The column of a computed value."""
        return f"enmasse_set_{list(self.computed).index(name)}"

    @staticmethod
    def _old_column(at: int) -> str:
        return f"enmasse_old_{at}"


def conditions(match: Sequence[str], values: Iterable[tuple[Any, ...]]) -> Iterator[Q]:
    """Conditions that together find the rows whose fields have one of the values, `CHUNK` of them in each."""
    remaining = iter(values)
    while chunk := list(itertools.islice(remaining, CHUNK)):
        if len(match) == 1:
            yield Q(**{f"{match[0]}__in": [value for (value,) in chunk]})
        else:
            yield Q(*(Q(**dict(zip(match, value, strict=True))) for value in chunk), _connector=Q.OR)


def lock_keys(
    rows: QuerySet[Any], using: str, match: Sequence[str], values: Iterable[tuple[Any, ...]]
) -> list[Any]:
    """The keys of those rows of a QuerySet whose fields `match` have one of the values; the rows are locked
    in their order.
    """
    keys: list[Any] = []
    for condition in conditions(match, values):
        keys.extend(pks_of(to_lock(rows.filter(condition), using)))
    return keys


def to_lock(rows: QuerySet[Any], using: str) -> QuerySet[Any]:
    """The rows of a QuerySet, each once, in the order of their keys and under lock where the database has
    such.
    """
    query = rows.query
    plain = not (
        query.is_sliced
        or query.distinct
        or query.combinator
        or query.group_by is not None
        or query.extra_tables
    )
    if plain and query.count_active_tables() <= 1:
        locked = rows._chain()  # type: ignore[attr-defined]
        locked._fields = None
        locked.query.select_related = False
    else:
        # FOR UPDATE takes no DISTINCT and no GROUP BY, and a join can give a row several times.
        locked = rows_of(rows.model, using).filter(pk__in=_keys_of(rows))
    locked = locked.using(using).order_by("pk")
    features = connections[using].features
    if features.has_select_for_update:
        locked = locked.select_for_update(of=("self",) if features.has_select_for_update_of else ())
    ordered: QuerySet[Any] = locked
    return ordered


def selects_nothing(rows: QuerySet[Any], using: str) -> bool:
    """Whether a QuerySet has no row whatever the database holds, such as `none()` and `pk__in=[]`."""
    if rows.query.is_empty():
        return True
    try:
        rows.query.get_compiler(using).compile(rows.query.where)
    except EmptyResultSet:
        return True
    except FullResultSet:
        pass
    return False


def _keys_of(rows: QuerySet[Any]) -> QuerySet[Any]:
    """A subquery of the keys of the rows, whatever the QuerySet selects, orders by or locks."""
    keys = rows._chain()  # type: ignore[attr-defined]
    keys.query.select_for_update = False
    keys.query.select_related = False
    if not keys.query.is_sliced and not keys.query.distinct_fields:
        keys.query.clear_ordering(force=True)
    return pks_of(keys)


def pks_of(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The keys of the rows, as a subquery or to be read; tuples where the key is composite."""
    names = [field.attname for field in key_fields(rows.model)]
    # Not "pk": Django cannot use a composite key of several types as a subquery by that name.
    keys: QuerySet[Any] = rows.values_list(*names, flat=len(names) == 1)
    return keys
