"""The app: PostgreSQL's extension must be there before its tables."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import pre_migrate


def make_extension(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Makes the extension, and has Django look up its types."""
    from django.contrib.postgres.operations import HStoreExtension

    with connections[using].schema_editor() as editor:
        HStoreExtension().database_forwards("pgshop", editor, None, None)


class PgShopConfig(AppConfig):
    """Models with PostgreSQL's own types."""

    name = "pgshop"

    def ready(self) -> None:
        """Runs before the tables are made."""
        pre_migrate.connect(make_extension, sender=self)
