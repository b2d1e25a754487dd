"""QuerySets whose bulk updates go through the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from asgiref.sync import sync_to_async

from django_enmasse import bulk
from django_enmasse.report import BulkReport
from django_enmasse.update import WritesMixin
from django_enmasse.write import Write


class BulkQuerySet(WritesMixin):
    """A QuerySet whose `bulk_update` goes through the engine."""

    def bulk_update(
        self,
        objs: Iterable[Any],
        fields: Iterable[Any],
        batch_size: int | None = None,
        *,
        matching_on: Sequence[str] | None = None,
        skip_unchanged: bool = False,
        returning: bulk.Returning | None = None,
        on_missing: str = "ignore",
        **filters: Any,
    ) -> int:
        """Writes the fields of the rows: objects, dicts or tuples, of any iterable.

        A tuple has the values of the fields by which rows are found, then those of `fields`. `auto_now`
        fields are set, and rows locked in the
        order of their keys. Two rows with the same key are an error.

        - `matching_on`: the fields by which rows are found, which are unique together; the primary key by
          default.
        - `skip_unchanged`: rows that have the values already are not written.
        - `returning`: `"new"`, the rows as they are; `"old"`, each as it was and as it is. They are in the
          report's `rows`.
        - `on_missing`: `"error"`, where a row that is not there is to undo all.

        With filters it is `bulk_update_where`, whose arguments are names of fields and their values.
        """
        if filters:
            return self.bulk_update_where(objs, fields, **filters)  # type: ignore[arg-type]
        request = self._enmasse_request(
            fields,
            batch_size,
            matching_on=matching_on,
            skip_unchanged=skip_unchanged,
            returning=returning,
            on_missing=on_missing,
        )
        if not self._enmasse_sends():
            return bulk.bulk_update(request, objs)
        objs = list(objs)
        self._for_write = True
        keys = [request.key_of(row) for row in objs]
        # an object without a key is an error of the write itself
        values = [key if isinstance(key, tuple) else (key,) for key in keys if key is not None]
        match = request.key_names
        names = [one.name for one in request.fields]
        with Write(
            self, "bulk_update", using=self.db, fields=names, objects=objs, match=match, values=values
        ) as write:
            report = bulk.bulk_update(request, objs)
            write.done(report)
        return report

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def explain_bulk_update(self, objs: Iterable[Any], fields: Iterable[str], **options: Any) -> str:
        """The SQL of a `bulk_update` with these arguments, which is not run."""
        batch_size = options.pop("batch_size", None)
        return bulk.explain(self._enmasse_request(fields, batch_size, **options), objs)

    async def abulk_update(
        self, objs: Iterable[Any], fields: Iterable[Any], batch_size: int | None = None, **options: Any
    ) -> int:
        """As `bulk_update`, for coroutines."""
        return await sync_to_async(self.bulk_update)(objs, fields, batch_size, **options)

    abulk_update.alters_data = True  # type: ignore[attr-defined]

    def _enmasse_request(self, fields: Iterable[str], batch_size: int | None, **options: Any) -> bulk.Request:
        return bulk.request_of(self, list(fields), batch_size, **options)


__all__ = ["BulkQuerySet", "BulkReport"]
