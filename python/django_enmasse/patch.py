"""Patch mode: `QuerySet.bulk_update` of every model goes through the engine, with exactly Django's
semantics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import wraps
from typing import Any

from django.db import connections, transaction
from django.db.models import QuerySet

from django_enmasse import conf
from django_enmasse._engine import EngineError, Update
from django_enmasse.checked import check_keys, check_related, check_request, find_fields
from django_enmasse.decide import take
from django_enmasse.errors import is_of_server
from django_enmasse.handover import Handover, tell, tell_taken
from django_enmasse.report import BulkReport
from django_enmasse.runner import LoadRefusedError, host_for, run
from django_enmasse.tables import without_load

django_bulk_update = QuerySet.bulk_update
"""Django's own method."""


@wraps(django_bulk_update)
def bulk_update(
    self: QuerySet[Any], objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
) -> int:
    """Django's `bulk_update`, by the engine where it takes the call."""
    check_request(fields, batch_size)
    objs = tuple(objs)
    names = list(fields)
    try:
        found = find_fields(self.model, names)
        if objs:
            check_related(objs, found)
    except Exception:
        check_keys(objs)
        raise
    if not objs:
        return BulkReport(0, engine="nothing")
    self._for_write = True  # type: ignore[attr-defined]
    connection = connections[self.db]
    try:
        connection.ensure_connection()
        try:
            return _by_engine(self, connection, objs, found, batch_size)
        except LoadRefusedError:
            without_load(connection)
            return _by_engine(self, connection, objs, found, batch_size)
    except Handover as handover:
        reason = handover.reason
    tell(self.model._meta.label, reason)
    return BulkReport(django_bulk_update(self, objs, names, batch_size), reason=reason)


bulk_update.alters_data = True  # type: ignore[attr-defined]


def _by_engine(
    query_set: Any, connection: Any, objs: tuple[Any, ...], fields: list[Any], batch_size: int | None
) -> BulkReport:
    """Does the call, or raises `Handover`: then nothing is written."""
    state, table, wanted, condition = take(query_set, connection, fields, is_patch=True)
    names = [field.name for field in wanted]

    def plan(batch: Sequence[Any]) -> Update:
        return Update(
            state.database,
            table,
            names,
            total=len(batch),
            on_duplicate="first_of_bytes",
            missing="ignored",
            objects_only=True,
            condition=condition,
        )

    for field in fields:
        if field.generated:
            # Django reads it of each object, which loads it where it is deferred
            for obj in objs:
                getattr(obj, field.attname)
    batches = _batches(query_set, connection, objs, fields, batch_size)
    host = host_for(connection, always_atomic=True)
    try:
        updates = [plan(batch) for batch in batches]
        if len(batches) == 1:
            matched = int(run(updates[0], objs, host)["matched"])
        else:
            # what cannot travel is found before the first batch is written
            updates[0].check(objs)
            host.is_nested = True
            with transaction.atomic(using=connection.alias, savepoint=False):
                matched = sum(run(*each, host)["matched"] for each in zip(updates, batches, strict=True))
    except LoadRefusedError:
        raise
    except Exception as error:
        if host.is_undone and not is_of_server(error, connection):
            raise Handover(reason_of(error)) from error
        raise
    finally:
        host.close()
    tell_taken(query_set.model._meta.label, updates[0].engine, len(objs))
    return BulkReport(matched, engine=updates[0].engine)


def _batches(
    query_set: Any, connection: Any, objs: tuple[Any, ...], fields: list[Any], batch_size: int | None
) -> list[tuple[Any, ...]]:
    """Django's batches where they can be seen: they were asked for, or an object comes in several."""
    pk = query_set.model._meta.pk
    most = connection.ops.bulk_batch_size([pk, pk, *fields], objs)
    size = min(batch_size, most) if batch_size else most
    if size >= len(objs) or not (batch_size or len({obj.pk for obj in objs}) < len(objs)):
        return [objs]
    return [objs[start : start + size] for start in range(0, len(objs), size)]


def reason_of(error: Exception) -> str:
    """Why the engine does not take a call that failed."""
    if isinstance(error, Handover):
        return error.reason
    if isinstance(error, EngineError):
        return f"the engine refuses a value or a row: {error.args[1]}"
    return f"an error, which is to be Django's own: {type(error).__name__}"


def apply_settings() -> None:
    """Patches `QuerySet`, where the settings ask for it."""
    if conf.get("PATCH"):
        apply()


def apply() -> None:
    """Patches `QuerySet`."""
    QuerySet.bulk_update = bulk_update  # type: ignore[method-assign]


def undo() -> None:
    """Takes the patch back."""
    QuerySet.bulk_update = django_bulk_update  # type: ignore[method-assign]
