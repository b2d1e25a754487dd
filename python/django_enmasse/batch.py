"""The rows of a bulk write, as its receivers see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import NotSupportedError
from django.db.models import Model, QuerySet

from django_enmasse.keys import KeyTable, pks_of, rows_of

FEW = 100
"""Up to this many keys are a list of parameters; more are in a temporary table."""


@dataclass(frozen=True)
class Change:
    """A row before and after a write."""

    pk: Any
    old: dict[str, Any]
    new: dict[str, Any] | None
    """None where the row was deleted."""

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """The fields that differ: of each, its old and its new value."""
        if self.new is None:
            return {}
        return {name: (old, self.new[name]) for name, old in self.old.items() if old != self.new[name]}


class Batch:
    """The rows of one bulk write. It can be used while the receivers are called, and no longer."""

    def __init__(self, model: type[Model], using: str, kind: str, fields: tuple[str, ...]) -> None:
        self.model = model
        self.using = using
        self.kind = kind
        """`bulk_update`, `update`, `bulk_create` or `delete`."""
        self.fields = fields
        """The names of the fields that are written."""
        self.objects: Sequence[Any] | None = None
        """The objects of a `bulk_update` or `bulk_create`, in the order in which they were given."""
        self.report: Any = None
        """What the write returned, once it is done."""
        self._keys: list[Any] | KeyTable | None = None
        self._unknown = ""
        self._ended = False

    def __len__(self) -> int:
        if isinstance(self._keys, KeyTable):
            return self._keys.size
        if self._keys is not None:
            return len(self._keys)
        return len(self.objects or ())

    def __bool__(self) -> bool:
        # A batch that is there is not nothing, even where its rows are not known yet.
        return True

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self)

    def pks(self) -> QuerySet[Any]:
        """The keys of the rows, as a QuerySet: a subquery for a filter (`user__in=batch.pks()`), whose keys
        stay in the database.

        They were found and locked before the write: what it changes does not change them.
        """
        self._must_be_known()
        if isinstance(self._keys, KeyTable):
            return self._keys.query_set()
        if self.kind == "delete":
            raise AssertionError("The keys of deleted rows are in a table.")
        return pks_of(rows_of(self.model, self.using).filter(pk__in=self._keys))

    def rows(self) -> QuerySet[Any]:
        """The rows as they are now: old ones for receivers of `pre_bulk_update`, new ones for those of
        `post_bulk_update`.
        """
        self._must_be_known()
        keys = self._keys.query_set() if isinstance(self._keys, KeyTable) else self._keys
        rows: QuerySet[Any] = rows_of(self.model, self.using).filter(pk__in=keys)
        return rows

    def changes(self) -> Iterator[Change]:
        """Each row with its values before and after the write, for receivers of `post_bulk_update` that are
        connected with `old=`.

        It reads some hundreds of rows at a time.
        """
        self._must_be_known()
        if not isinstance(self._keys, KeyTable) or not self._keys.old:
            raise NotSupportedError(
                "No old values were kept: connect the receiver with old=[…], the names of the fields."
            )
        names = [field.attname for field in self._keys.old]
        for chunk in self._keys.old_rows():
            now: dict[Any, dict[str, Any]] = {}
            if self.kind != "delete":
                rows = rows_of(self.model, self.using).filter(pk__in=[key for key, _ in chunk])
                now = {
                    row[0]: dict(zip(names, row[1:], strict=True)) for row in rows.values_list("pk", *names)
                }
            for key, old in chunk:
                yield Change(key, old, now.get(key))

    def written_objects(self) -> Iterator[Any]:
        """The objects whose rows were there."""
        objects = [obj for obj in self.objects or () if isinstance(obj, Model)]
        if len(self) != len(objects):
            there = set(self.pks())
            objects = [obj for obj in objects if obj.pk in there]
        yield from objects

    def _must_be_known(self) -> None:
        if self._ended:
            raise RuntimeError("The batch is used after its write has ended. Use it inside of the receiver.")
        if self._unknown:
            raise NotSupportedError(self._unknown)
