"""A router that keeps one model in the database `other`."""

from __future__ import annotations

from typing import Any


class OtherRouter:
    """`shop.Elsewhere` is read and written in `other`; the tables are in both databases."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Where a model is read."""
        assert set(hints) <= {"instance"}, hints
        return "other" if model._meta.label == "shop.Elsewhere" else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Where a model is written."""
        return self.db_for_read(model, **hints)
