"""Updates many rows at once, on Django's own connection."""

from __future__ import annotations

from django_enmasse._engine import __version__
from django_enmasse.manager import BulkManager
from django_enmasse.query_set import BulkQuerySet
from django_enmasse.report import BulkReport

__all__ = ["BulkManager", "BulkQuerySet", "BulkReport", "__version__"]
