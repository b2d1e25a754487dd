"""Updates many rows at once, on Django's own connection.

The names are imported when they are used: Django imports this package before models can be defined, and
`BulkUpdateMixin` is one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_enmasse._engine import __version__
    from django_enmasse.batch import Batch, Change
    from django_enmasse.manager import BulkManager
    from django_enmasse.mixin import BulkUpdateMixin
    from django_enmasse.query_set import BulkQuerySet
    from django_enmasse.report import BulkReport
    from django_enmasse.signals import post_bulk_update, pre_bulk_update, send_save_signals, stop_save_signals

__all__ = [
    "Batch",
    "BulkManager",
    "BulkQuerySet",
    "BulkReport",
    "BulkUpdateMixin",
    "Change",
    "__version__",
    "post_bulk_update",
    "pre_bulk_update",
    "send_save_signals",
    "stop_save_signals",
]

_MODULES = {
    "__version__": "_engine",
    "Batch": "batch",
    "BulkManager": "manager",
    "BulkQuerySet": "query_set",
    "BulkReport": "report",
    "BulkUpdateMixin": "mixin",
    "Change": "batch",
    "post_bulk_update": "signals",
    "pre_bulk_update": "signals",
    "send_save_signals": "signals",
    "stop_save_signals": "signals",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
