"""A mixin for resources of django-import-export, whose bulk updates then go through the engine.

class BookResource(BulkImportMixin, resources.ModelResource):
    class Meta:
        model = Book
        use_bulk = True
        batch_size = 10_000
"""

from __future__ import annotations

from typing import Any

from django_enmasse.query_set import BulkQuerySet


class BulkImportMixin:
    """Updates by `BulkQuerySet.bulk_update`, whichever manager the model has."""

    _meta: Any
    update_instances: list[Any]

    def bulk_update(
        self,
        using_transactions: bool,
        dry_run: bool,
        raise_errors: bool,
        batch_size: int | None = None,
        result: Any = None,
    ) -> None:
        """Writes the rows of one batch of the file."""
        if not self.update_instances or (dry_run and not using_transactions):
            self.update_instances.clear()
            return
        host: Any = self
        try:
            rows: Any = BulkQuerySet(self._meta.model, using=host.get_db_connection_name())
            rows.bulk_update(self.update_instances, host.get_bulk_update_fields())
        except Exception as error:
            host.handle_import_error(result, error, raise_errors)
        finally:
            self.update_instances.clear()
