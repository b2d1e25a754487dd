"""QuerySets whose bulk updates go through the engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import models

from django_enmasse.report import BulkReport
from django_enmasse.update import WritesMixin
from django_enmasse.write import Write


class BulkQuerySet(WritesMixin):
    """A QuerySet whose `bulk_update` goes through the engine."""

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[Any], batch_size: int | None = None, **filters: Any
    ) -> int:
        """Writes the fields of the objects to their rows.

        With filters it is `bulk_update_where`, whose arguments are names of fields and their values.
        """
        if filters:
            return self.bulk_update_where(objs, fields, **filters)  # type: ignore[arg-type]
        fields = list(fields)
        if not self._enmasse_sends():
            return self._bulk_update(objs, fields, batch_size)
        objs = list(objs)
        self._for_write = True
        # An object without a key is an error of the write itself.
        values = [(obj.pk,) for obj in objs if obj.pk is not None]
        with Write(self, "bulk_update", using=self.db, fields=fields, objects=objs, values=values) as write:
            report = self._bulk_update(objs, fields, batch_size)
            write.done(report)
        return report

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def _bulk_update(self, objs: Iterable[Any], fields: list[str], batch_size: int | None) -> int:
        matched = models.QuerySet.bulk_update(self._enmasse_as_inner(), objs, fields, batch_size)
        return BulkReport(matched, reason="the engine takes no calls yet")

    async def abulk_update(
        self, objs: Iterable[Any], fields: Iterable[Any], batch_size: int | None = None, **filters: Any
    ) -> int:
        """As `bulk_update`, for coroutines."""
        return await sync_to_async(self.bulk_update)(objs, fields, batch_size, **filters)

    abulk_update.alters_data = True  # type: ignore[attr-defined]
