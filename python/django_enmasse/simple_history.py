"""A bridge for django-simple-history: the history rows of a bulk write, in one statement.

    from django_enmasse.simple_history import record_bulk_history

    record_bulk_history(Poll)                   # where receivers are connected, such as AppConfig.ready

    with change_reason("nightly import"):
        Poll.objects.filter(...).update(...)

    INSERT INTO historicalpoll (…) SELECT …, now, '~' FROM poll WHERE id IN (SELECT id FROM enmasse_keys_1)

The rows are as the write left them. A deletion is recorded by django-simple-history itself, as Django sends
`post_delete` for each object. The signals of django-simple-history are not sent, and its rows for
many-to-many fields not written: its own bulk functions do neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import NotSupportedError, connections, models, router
from django.utils import timezone

from django_enmasse.batch import Batch
from django_enmasse.signals import post_bulk_update

_reason: ContextVar[str | None] = ContextVar("enmasse_change_reason", default=None)
_TYPES = {"bulk_create": "+", "update": "~", "bulk_update": "~"}


def record_bulk_history(model: type[models.Model]) -> None:
    """Has each bulk write of the model recorded: `update`, `bulk_update` and `bulk_create`.

    `bulk_update_with_history` and the like record on their own: do not call them for such a model.
    """
    from simple_history.utils import get_history_manager_for_model

    get_history_manager_for_model(model)
    post_bulk_update.connect(_record, sender=model, dispatch_uid="django_enmasse.simple_history")


def stop_bulk_history(model: type[models.Model]) -> None:
    """Undoes `record_bulk_history`."""
    post_bulk_update.disconnect(sender=model, dispatch_uid="django_enmasse.simple_history")


@contextmanager
def change_reason(reason: str | None) -> Iterator[None]:
    """The reason that is recorded by bulk writes inside of the block."""
    token = _reason.set(reason)
    try:
        yield
    finally:
        _reason.reset(token)


def _record(sender: type[models.Model], batch: Batch, **kwargs: Any) -> None:
    from simple_history.utils import get_history_manager_for_model

    if batch.kind not in _TYPES or not getattr(settings, "SIMPLE_HISTORY_ENABLED", True):
        return
    history: Any = get_history_manager_for_model(sender).model
    using = batch.using
    if router.db_for_write(history) != using:
        message = (
            f"{history._meta.label} is in another database than the rows: one statement cannot make its rows."
        )
        raise NotSupportedError(message)
    meta = history._meta
    for name in ("_history_user", "_history_date"):
        if any(hasattr(obj, name) for obj in batch.objects or ()):
            raise NotSupportedError(
                f"A bulk write has one user and one date in its history: an object has {name}."
            )
    user = history.get_default_history_user(sender())
    constants: dict[str, Any] = {
        "history_date": timezone.now(),
        "history_change_reason": _reason.get(),
        "history_type": _TYPES[batch.kind],
        "history_user_id": None if user is None else user.pk,
    }
    tracked = [field.attname for field in history.tracked_fields]
    columns = [_column(meta, name) for name in [*tracked, *constants]]
    selected: dict[str, Any] = {
        f"enmasse_{name}": models.Value(value, output_field=_plain(meta, name))
        for name, value in constants.items()
    }
    names = [*tracked, *selected]
    if hasattr(history, "history_relation"):
        columns.append(_column(meta, "history_relation_id"))
        names.append("pk")
    rows = batch.rows().annotate(**selected).order_by().values_list(*names)
    sql, params = rows.query.get_compiler(using).as_sql()
    connection = connections[using]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(meta.db_table)} ({', '.join(map(quote, columns))}) {sql}", params)


def _field(meta: Any, attname: str) -> Any:
    return next(field for field in meta.concrete_fields if field.attname == attname)


def _column(meta: Any, attname: str) -> str:
    column: str = _field(meta, attname).column
    return column


def _plain(meta: Any, attname: str) -> Any:
    field = _field(meta, attname)
    while field.is_relation:
        field = field.target_field
    return field
