"""A bulk write that has receivers: its rows are found and locked, the receivers called before and after it,
all in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from django.db import connections, transaction
from django.db.models import Field, Model, QuerySet

from django_enmasse.batch import FEW, Batch
from django_enmasse.keys import KeyTable, lock_keys, rows_of
from django_enmasse.signals import post_bulk_update, pre_bulk_update

DEPTH = 10
"""Receivers write in turn, and these writes have receivers; more levels than this are a circle."""

_path: ContextVar[tuple[str, ...]] = ContextVar("enmasse_path", default=())


class Write:
    """One write. `done` is called with what it returned; without that, nothing is sent after it.

    with Write(rows, "bulk_update", fields=["points"], objects=users, values=[(user.pk,) for user in users])
    as write:
        write.done(…)
    """

    def __init__(
        self,
        rows: QuerySet[Any],
        kind: str,
        *,
        using: str,
        fields: Iterable[str] = (),
        objects: Sequence[Any] | None = None,
        match: Sequence[str] = ("pk",),
        values: Iterable[tuple[Any, ...]] | None = None,
        created: bool | None = False,
        computed: Mapping[str, Any] | None = None,
    ) -> None:
        """`rows` is what is written: with `values`, those rows of it whose fields `match` have one of the
        values.
        """
        self.rows = rows
        self.model: type[Model] = rows.model
        self.using = using
        self.batch = Batch(self.model, using, kind, tuple(fields))
        self.batch.objects = objects
        self._match = match
        self._values = values
        self._created = created
        self._computed = computed or {}
        self.table: KeyTable | None = None
        """The keys, where they are not a list."""
        self._atomic = transaction.atomic(using=using)

    def __enter__(self) -> Write:
        path = _path.get()
        if len(path) >= DEPTH:
            raise RecursionError(
                f"Receivers of bulk writes call each other: {' → '.join([*path, self.model.__name__])}"
            )
        self._token = _path.set((*path, self.model.__name__))
        try:
            self._atomic.__enter__()
        except BaseException:
            _path.reset(self._token)
            raise
        try:
            self._capture()
            self._send(pre_bulk_update)
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def done(self, report: Any) -> None:
        """The rows are written: calls the receivers of `post_bulk_update`."""
        self.batch.report = report
        if self.batch.kind == "bulk_create":
            self._capture_created()
        elif self.batch.kind != "delete":
            key = {field.name for field in self.model._meta.pk_fields}
            if not key.isdisjoint(self.batch.fields):
                self.batch._unknown = (
                    "The write changed the primary key: the keys that it left are not known."
                )
        self._send(post_bulk_update)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.batch._ended = True
        try:
            if error is None:
                self._drop()
        except BaseException as failure:
            self._atomic.__exit__(type(failure), failure, failure.__traceback__)
            raise
        else:
            self._atomic.__exit__(kind, error, traceback)
            if error is not None:
                self._drop_after_error()
        finally:
            _path.reset(self._token)

    def keys(self) -> Any:
        """The keys of the rows, for `pk__in`."""
        return self.table.query_set() if self.table is not None else self.batch._keys

    def _send(self, signal: Any) -> None:
        if len(self.batch):
            signal.send(
                sender=self.model,
                batch=self.batch,
                using=self.using,
                kind=self.batch.kind,
                fields=self.batch.fields,
                created=self._created,
            )

    def _capture(self) -> None:
        batch = self.batch
        if batch.kind == "bulk_create":
            batch._unknown = "The rows of a bulk_create are there after it only."
            return
        old = self._old_fields()
        if self._values is not None:
            values = list(self._values)
            if len(values) <= FEW and not old:
                batch._keys = lock_keys(self.rows, self.using, self._match, values)
                return
            self._new_table(old).fill_matching(self.rows, self._match, values)
        else:
            self._new_table(old).fill(self.rows)

    def _old_fields(self) -> list[Field[Any, Any]]:
        names = pre_bulk_update.old_fields(self.model, self.batch.fields)
        names |= post_bulk_update.old_fields(self.model, self.batch.fields)
        fields: list[Any] = [self.model._meta.get_field(name) for name in sorted(names)]
        return fields

    def _capture_created(self) -> None:
        batch = self.batch
        keys = [obj.pk for obj in batch.objects or ()]
        if self._created is not True:
            batch._unknown = (
                "Which rows are new is not known: the database was to ignore or update those in conflict."
            )
        elif not all(obj._is_pk_set() for obj in batch.objects or ()):
            vendor = connections[self.using].display_name
            batch._unknown = (
                f"{vendor} does not return the keys of new rows: give them before, as with a UUID."
            )
        else:
            batch._unknown = ""
            if len(keys) <= FEW:
                batch._keys = keys
            else:
                self._new_table([]).fill_matching(
                    rows_of(self.model, self.using), ("pk",), ((key,) for key in keys)
                )

    def _new_table(self, old: list[Field[Any, Any]]) -> KeyTable:
        table = KeyTable(self.model, self.using, old, self._computed)
        table.create()
        self.table = table
        self.batch._keys = table
        return table

    def _drop(self) -> None:
        if self.table is not None:
            self.table.drop()

    def _drop_after_error(self) -> None:
        """Elsewhere the table went with the transaction."""
        connection = connections[self.using]
        if self.table is None or connection.vendor != "mysql" or connection.needs_rollback:
            return
        try:
            self.table.drop()
        except Exception:
            # The error that ended the write is the one to report; the server drops the table with the
            # connection.
            return
