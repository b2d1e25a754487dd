"""QuerySets whose bulk updates go through the engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import models

from django_enmasse.report import BulkReport


class BulkQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """A QuerySet whose `bulk_update` goes through the engine."""

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Writes the fields of the objects to their rows."""
        matched = super().bulk_update(objs, fields, batch_size)
        return BulkReport(matched, reason="the engine takes no calls yet")

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    async def abulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """As `bulk_update`, for coroutines."""
        return await sync_to_async(self.bulk_update)(objs=objs, fields=fields, batch_size=batch_size)

    abulk_update.alters_data = True  # type: ignore[attr-defined]
