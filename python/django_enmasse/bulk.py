"""`bulk_update` of a `BulkQuerySet`: the engine's promises, and Django where it does not take the call."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Literal

from django.db import DatabaseError, NotSupportedError, OperationalError, connections, models, transaction

from django_enmasse._engine import EngineError, Update
from django_enmasse.checked import check_related, check_request, find_fields
from django_enmasse.decide import take
from django_enmasse.errors import (
    CONFLICTS,
    NO_RIGHT,
    DuplicateKeysError,
    MissingRowsError,
    about,
    code_of,
    exception_of,
    shown_key,
    translated,
)
from django_enmasse.fields import EXPRESSION, column_of
from django_enmasse.handover import Handover, tell, tell_taken
from django_enmasse.patch import django_bulk_update
from django_enmasse.report import BulkReport
from django_enmasse.returned import rows_of
from django_enmasse.runner import LoadRefusedError, host_for, run
from django_enmasse.tables import without_load
from django_enmasse.update import auto_now_values

AHEAD = 5_000
"""Rows of an iterable that are read before the first statement: so few are known to be few."""

RETRIES = 25
FIRST_WAIT, LONGEST_WAIT = 0.01, 1.0
"""Seconds: the longest waits before the first retry and before later ones."""

Returning = Literal["old", "new"]


@dataclass(slots=True)
class Request:
    """What is asked of a bulk update, checked."""

    query_set: Any
    names: list[str]
    fields: list[Any]
    match: list[Any]
    """The fields by which rows are found."""
    matching_on: list[str]
    batch_size: int | None
    skip_unchanged: bool
    returning: Returning | None
    on_missing: str
    constants: dict[str, Any] = field(default_factory=dict)
    """What `auto_now` fields are set to, by name."""

    @property
    def model(self) -> Any:
        """The model."""
        return self.query_set.model

    @property
    def key_names(self) -> list[str]:
        """The names of the fields by which rows are found."""
        return [one.name for one in self.match]

    def key_of(self, row: Any) -> Any:
        """The key of a row of the batch."""
        if isinstance(row, dict):
            values = [row[one.name] if one.name in row else row.get(one.attname) for one in self.match]
            if len(values) == 1 and values[0] is None:
                values = [row.get("pk")]
        elif isinstance(row, (tuple, list)):
            values = list(row[: len(self.match)])
        else:
            values = [getattr(row, one.attname) for one in self.match]
        return values[0] if len(values) == 1 else tuple(values)


def request_of(
    query_set: Any,
    names: Sequence[str],
    batch_size: int | None,
    *,
    matching_on: Sequence[str] | None = None,
    skip_unchanged: bool = False,
    returning: Returning | None = None,
    on_missing: str = "ignore",
) -> Request:
    """The request, checked in Django's order."""
    check_request(names, batch_size)
    if isinstance(matching_on, str):
        matching_on = [matching_on]
    if returning not in (None, "old", "new"):
        raise ValueError(f'returning is {returning!r}. Choices are: "old", "new"')
    if on_missing not in ("ignore", "error"):
        raise ValueError(f'on_missing is {on_missing!r}. Choices are: "ignore", "error"')
    opts = query_set.model._meta
    fields = find_fields(query_set.model, names)
    match = [opts.get_field(opts.pk.name if name == "pk" else name) for name in matching_on or ()]
    constants = auto_now_values(query_set.model, names)
    return Request(
        query_set,
        list(names),
        fields,
        match or list(opts.pk_fields),
        [one.name for one in match],
        batch_size,
        skip_unchanged,
        returning,
        on_missing,
        constants,
    )


def bulk_update(request: Request, objs: Iterable[Any]) -> BulkReport:
    """Writes the rows, all or nothing."""
    rows, total = _read_ahead(objs)
    if total == 0:
        return BulkReport(0, engine="nothing")
    if isinstance(rows, tuple):
        check_related(_instances(rows), request.fields)
    elif any(one.is_relation for one in request.fields):
        rows = _checked(rows, request.fields)
    request.query_set._for_write = True
    connection = connections[request.query_set.db]
    if request.on_missing == "error":
        with transaction.atomic(using=connection.alias):
            report = _write(request, connection, rows, total)
            if report.missing:
                raise _missing(request, report.missing)
    else:
        report = _write(request, connection, rows, total)
    # which rows were left as they are, only the database knows
    if isinstance(rows, tuple) and request.constants and not request.skip_unchanged:
        missing = set(report.missing)
        for row in _instances(rows):
            if not missing or request.key_of(row) not in missing:
                for name, value in request.constants.items():
                    setattr(row, name, value)
    return report


def explain(request: Request, objs: Iterable[Any]) -> str:
    """The SQL of the engine, or why Django does the call."""
    _, total = _read_ahead(objs)
    request.query_set._for_write = True
    connection = connections[request.query_set.db]
    try:
        connection.ensure_connection()
        return _planned(request, connection, total).explain()
    except Handover as handover:
        return f"-- Django does it: {handover.reason}"


def _read_ahead(objs: Iterable[Any]) -> tuple[Any, int | None]:
    """The rows, as a tuple where they are few or were in memory, and their number where it is known."""
    if isinstance(objs, (list, tuple, models.QuerySet)):
        rows = tuple(objs)
        return rows, len(rows)
    source = iter(objs)
    ahead = tuple(islice(source, AHEAD + 1))
    if len(ahead) <= AHEAD:
        return ahead, len(ahead)
    return chain(ahead, source), None


def _instances(rows: Iterable[Any]) -> Iterator[Any]:
    return (row for row in rows if isinstance(row, models.Model))


def _checked(rows: Iterable[Any], fields: list[Any]) -> Iterator[Any]:
    for row in rows:
        if isinstance(row, models.Model):
            check_related([row], fields)
        yield row


def _planned(request: Request, connection: Any, total: int | None) -> Update:
    """The engine's plan, or `Handover`."""
    query_set = request.query_set
    opts = query_set.model._meta
    named = [*request.fields, *request.match, *(opts.get_field(name) for name in request.constants)]
    if request.returning is not None:
        named = list(opts.concrete_fields)
    state, table, _, condition = take(query_set, connection, named, is_patch=False)
    names = [one.name for one in dict.fromkeys(request.fields) if not one.generated]
    columns = {name: column_of(opts.get_field(name), connection) for name in request.constants}
    constants = [
        (name, value if columns[name].takes_exact else columns[name].prepare(value))
        for name, value in request.constants.items()
    ]
    try:
        return Update(
            state.database,
            table,
            names,
            total=total,
            matching_on=request.matching_on,
            skip_unchanged=request.skip_unchanged,
            returning=request.returning or "nothing",
            constants=constants,
            batch_size=request.batch_size,
            condition=condition,
        )
    except EngineError as error:
        raise exception_of(error, request.model, request.key_names) from None


def _write(request: Request, connection: Any, rows: Any, total: int | None) -> BulkReport:
    """Has the rows written; a transaction of its own is tried again after a conflict with another."""
    wait = FIRST_WAIT
    for _ in range(RETRIES):
        try:
            return _write_once(request, connection, rows, total)
        except OperationalError as error:
            is_own = not connection.in_atomic_block and isinstance(rows, tuple)
            if not is_own or code_of(error) not in CONFLICTS:
                raise
        # two that were in each other's way should not meet again
        time.sleep(random.uniform(0, wait))
        wait = min(2 * wait, LONGEST_WAIT)
    return _write_once(request, connection, rows, total)


def _write_once(request: Request, connection: Any, rows: Any, total: int | None) -> BulkReport:
    """Has the engine write the rows, and Django those that it does not take."""
    try:
        connection.ensure_connection()
        try:
            return _by_engine(request, connection, rows, total)
        except LoadRefusedError as error:
            without_load(connection)
            if not isinstance(rows, tuple):
                raise NotSupportedError(f"LOAD DATA LOCAL is refused, try again: {error}") from error
            return _by_engine(request, connection, rows, total)
    except Handover as handover:
        reason = handover.reason
        if not isinstance(rows, tuple):
            raise NotSupportedError(f"These rows can be written from a list only: {reason}.") from handover
    if reason == EXPRESSION and all(isinstance(row, models.Model) for row in rows):
        plain, computed = _parted(request, rows)
        if plain:
            _refuse_duplicates(request, rows)
            with transaction.atomic(using=connection.alias):
                first = _by_engine(request, connection, plain, len(plain))
                return _joined(first, _by_django(request, connection, computed, reason))
    return _by_django(request, connection, rows, reason)


def _by_engine(request: Request, connection: Any, rows: Any, total: int | None) -> BulkReport:
    host = host_for(connection)
    try:
        update = _planned(request, connection, total)
        try:
            done = run(update, rows, host)
        except EngineError as error:
            raise exception_of(error, request.model, request.key_names) from None
        except DatabaseError as error:
            if host.is_undone and code_of(error) in NO_RIGHT:
                raise Handover(f"the database refuses what the engine needs: {error}") from error
            raise translated(error, update, request.model) from error.__cause__
    finally:
        host.close()
    tell_taken(request.model._meta.label, update.engine, done["matched"])
    returned = rows_of(request.query_set, update, done["rows"], connection) if request.returning else []
    return BulkReport(
        done["matched"], changed=done["changed"], missing=done["missing"], rows=returned, engine=update.engine
    )


def _by_django(request: Request, connection: Any, rows: Sequence[Any], reason: str) -> BulkReport:
    """Django's own `bulk_update`, with what the engine promises as far as it can be had."""
    asked = {
        "matching_on": bool(request.matching_on),
        "skip_unchanged": request.skip_unchanged,
        "returning": bool(request.returning),
        "dicts and tuples": not all(isinstance(row, models.Model) for row in rows),
    }
    for what, is_asked in asked.items():
        if is_asked:
            raise NotSupportedError(f"{what}: the engine does not take this call, as {reason}.")
    tell(request.model._meta.label, reason)
    _refuse_duplicates(request, rows)
    query_set = request.query_set._enmasse_as_inner()
    for row in rows:
        for name, value in request.constants.items():
            setattr(row, name, value)
    names = [*request.names, *request.constants]
    with transaction.atomic(using=connection.alias):
        # the keys before the write: a filter may not find its rows after it
        found: set[Any] = set()
        for start in range(0, len(rows), 500):
            keys = [row.pk for row in rows[start : start + 500]]
            found.update(query_set.filter(pk__in=keys).values_list("pk", flat=True))
        matched = django_bulk_update(query_set, rows, names, request.batch_size)
    prepare = request.model._meta.pk.to_python
    missing = [row.pk for row in rows if prepare(row.pk) not in found]
    return BulkReport(matched, missing=missing, reason=reason)


def _parted(request: Request, rows: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The rows of plain values, and those with an expression."""
    names = [one.attname for one in request.fields]

    def is_plain(row: Any) -> bool:
        return not any(hasattr(getattr(row, name), "resolve_expression") for name in names)

    return tuple(row for row in rows if is_plain(row)), tuple(row for row in rows if not is_plain(row))


def _joined(first: BulkReport, second: BulkReport) -> BulkReport:
    return BulkReport(
        first + second,
        changed=first.changed + second.changed,
        missing=first.missing + second.missing,
        engine=first.engine,
        reason=second.reason,
    )


def _refuse_duplicates(request: Request, rows: Sequence[Any]) -> None:
    seen: set[Any] = set()
    twice = []
    for row in rows:
        key = request.key_of(row)
        if key in seen:
            twice.append(key)
        seen.add(key)
    if twice:
        shown = "; ".join(shown_key(key, request.key_names) for key in twice[:10])
        text = f"{request.model._meta.object_name}: rows of one bulk_update have the same key: {shown}."
        raise about(DuplicateKeysError(text), request.model, twice)


def _missing(request: Request, keys: list[Any]) -> Exception:
    shown = "; ".join(shown_key(key, request.key_names) for key in keys[:10])
    more = f" and {len(keys) - 10} more" if len(keys) > 10 else ""
    text = f"{request.model._meta.object_name}: no rows match {shown}{more}. Nothing is written."
    return about(MissingRowsError(text), request.model, keys)
