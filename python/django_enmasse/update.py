"""`update`, `delete` and `bulk_create` of a `BulkQuerySet`: Django's own, with `auto_now` fields, signals,
and atomic across tables.

One table and no receiver: Django's one statement, with the fields that have `auto_now`. A write to several
tables of a chain first keeps the keys of its rows in a temporary table, so that what it changes does not
change which rows it is for, and they do not come to the client.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Model, Q, QuerySet, sql

from django_enmasse.chain import computed_values, update_rows
from django_enmasse.keys import KeyTable, rows_of, selects_nothing
from django_enmasse.signals import heard
from django_enmasse.write import Write

Self = TypeVar("Self", bound="WritesMixin")


def auto_now_values(model: type[Model], named: Iterable[str]) -> dict[str, Any]:
    """What the `auto_now` fields of a model and its parents are set to by a write that does not name them."""
    named = set(named)
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if getattr(field, "auto_now", False) and field.name not in named and field.attname not in named:
            own = type(field).pre_save in _PRE_SAVE
            instance = SimpleNamespace() if own else model()
            values[field.name] = field.pre_save(instance, add=False)  # type: ignore[arg-type]
    return values


_PRE_SAVE = {models.DateField.pre_save, models.DateTimeField.pre_save, models.TimeField.pre_save}


class WritesMixin(QuerySet[Any]):
    """The writes of a `BulkQuerySet` that are not a bulk update of objects."""

    _enmasse_silent = False
    """No signals are sent."""
    _enmasse_inner = False
    """It is a part of another write: Django's own methods, no signals, no `auto_now`."""

    def _clone(self: Self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        if self._enmasse_silent:
            clone._enmasse_silent = True
        if self._enmasse_inner:
            clone._enmasse_inner = True
        return clone

    def _enmasse_as_inner(self: Self) -> Self:
        clone: Self = self._chain()  # type: ignore[attr-defined]
        clone._enmasse_inner = True
        return clone

    def _enmasse_sends(self) -> bool:
        return not (self._enmasse_silent or self._enmasse_inner) and heard(self.model)

    def without_signals(self: Self) -> Self:
        """The same rows; writes to them send no bulk signals."""
        clone: Self = self._chain()  # type: ignore[attr-defined]
        clone._enmasse_silent = True
        return clone

    @classmethod
    def as_manager(cls) -> Any:
        """A `BulkManager` with the methods of this QuerySet."""
        from django_enmasse.manager import BulkManager

        manager = BulkManager.from_queryset(cls)()
        manager._built_with_as_manager = True
        return manager

    as_manager.__func__.queryset_only = True  # type: ignore[attr-defined]

    def update(self, **kwargs: Any) -> int:
        """As Django's; sets `auto_now` fields, sends signals, and writes all tables of a chain or none."""
        if self._enmasse_inner or not kwargs or self.query.is_sliced or self.query.combinator:
            return super().update(**kwargs)
        if self.query.distinct_fields:
            # Django 5.2 forgets the fields, and writes rows that the QuerySet does not have.
            raise TypeError("Cannot call update() after .distinct(*fields).")
        values = {**kwargs, **auto_now_values(self.model, kwargs)}
        sends = self._enmasse_sends()
        if not sends and not self.model._meta.parents:
            return super().update(**values)
        # Unknown fields and the like are found here, before anything is sent.
        computed = computed_values(self, values) if self.model._meta.parents else {}
        query: Any = self.query.chain(sql.UpdateQuery)
        query.add_update_values({name: None if name in computed else value for name, value in values.items()})
        if not sends and not query.related_updates and not computed:
            return super().update(**values)
        self._for_write = True
        using = self.db
        if selects_nothing(self, using):
            return 0
        self._result_cache = None
        if sends:
            with Write(self, "update", using=using, fields=values, computed=computed) as write:
                rows = update_rows(self, write.keys(), len(write.batch), values, using, write.table)
                write.done(rows)
            return rows
        with transaction.atomic(using=using):
            table = KeyTable(self.model, using, computed=computed)
            table.create()
            table.fill(self)
            rows = update_rows(self, table.query_set(), table.size, values, using, table)
            table.drop()
        return rows

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update_where(
        self, fields: Sequence[str], values: Sequence[Any], *conditions: Q, **filters: Any
    ) -> int:
        """Sets the fields to the values in the rows that the filters find, each field in the table that has
        it. All or nothing.

        Customer.objects.bulk_update_where(["level", "name"], ["Free", "n/a"], id__in=[1, 2, 3])
        """
        if isinstance(fields, str) or not all(isinstance(name, str) for name in fields):
            raise TypeError("The first argument is a list of names of fields where there are filters.")
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise TypeError("The second argument is a list of values, one for each field.")
        if len(fields) != len(values):
            raise ValueError(f"{len(fields)} fields and {len(values)} values were given.")
        if not fields:
            raise ValueError("No field was given.")
        if len(set(fields)) != len(fields):
            raise ValueError("A field was given twice.")
        if not (conditions or filters):
            raise TypeError("No filter was given. To update all rows, call all().update().")
        written: int = self.filter(*conditions, **filters).update(**dict(zip(fields, values, strict=True)))
        return written

    bulk_update_where.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        """As Django's; sends bulk signals of its own model."""
        refused = (
            self.query.is_sliced
            or self.query.combinator
            or self.query.distinct_fields
            or self._fields is not None  # type: ignore[attr-defined]
        )
        if refused or not self._enmasse_sends():
            return super().delete()
        self._for_write = True
        using = self.db
        if selects_nothing(self, using):
            return super().delete()
        names = [field.name for field in self.model._meta.concrete_fields]
        with Write(self, "delete", using=using, fields=names) as write:
            deleted: tuple[int, dict[str, int]] = (
                rows_of(self.model, using).filter(pk__in=write.keys()).delete()
            )
            write.done(deleted)
        self._result_cache = None
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Any]:
        """As Django's; sends bulk signals."""
        sends = self._enmasse_sends()
        if sends:
            objs = list(objs)

        def create() -> list[Any]:
            return super(WritesMixin, self).bulk_create(
                objs,
                batch_size=batch_size,
                ignore_conflicts=ignore_conflicts,
                update_conflicts=update_conflicts,
                update_fields=update_fields,
                unique_fields=unique_fields,
            )

        if not sends or not objs:
            return create()
        self._for_write = True
        names = [field.name for field in self.model._meta.concrete_fields]
        created = None if ignore_conflicts or update_conflicts else True
        with Write(
            self, "bulk_create", using=self.db, fields=names, objects=list(objs), created=created
        ) as write:
            rows = create()
            write.done(rows)
        return rows

    bulk_create.alters_data = True  # type: ignore[attr-defined]
