"""Managers whose bulk writes go through Enmasse."""

from __future__ import annotations

from typing import Any

from django.db import models

from django_enmasse.query_set import BulkQuerySet


class BulkManager(models.Manager.from_queryset(BulkQuerySet)):  # type: ignore[misc]
    """A manager with the methods of a `BulkQuerySet`.

    `BulkManager.from_queryset(Mine)()` has those of another QuerySet besides; it need not be a
    `BulkQuerySet` itself.
    """

    @classmethod
    def from_queryset(
        cls, queryset_class: type[models.QuerySet[Any]], class_name: str | None = None
    ) -> type[BulkManager]:
        """A manager class with the methods of the QuerySet and those of a `BulkQuerySet`."""
        if not issubclass(queryset_class, BulkQuerySet):
            queryset_class = type(queryset_class.__name__, (queryset_class, BulkQuerySet), {})
        made: type[BulkManager] = super().from_queryset(queryset_class, class_name)
        return made
