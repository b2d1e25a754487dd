"""Managers whose bulk writes go through Enmasse."""

from __future__ import annotations

from django.db import models

from django_enmasse.query_set import BulkQuerySet


class BulkManager(models.Manager.from_queryset(BulkQuerySet)):  # type: ignore[misc]
    """A manager with the methods of a `BulkQuerySet`."""
