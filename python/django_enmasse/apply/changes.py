"""What a file changes: rows counted, columns with a few examples, and every change in a file on request."""

from __future__ import annotations

import csv
import json
from typing import Any, TextIO

from django.db import models

EXAMPLES = 3


class Changes:
    """Counts what differs."""

    def __init__(self, diff: TextIO | None = None) -> None:
        self.matched = 0
        self.changed = 0
        self.missing = 0
        self.columns: dict[str, int] = {}
        self.examples: dict[str, list[str]] = {}
        self._diff = csv.writer(diff) if diff is not None else None
        if self._diff is not None:
            self._diff.writerow(["key", "column", "before", "after"])

    def row(self, key: str, changes: list[tuple[str, Any, Any]]) -> None:
        """A row that is in the table, and the fields that differ: of each its name, its value before and
        after.
        """
        self.matched += 1
        if not changes:
            return
        self.changed += 1
        for name, old, new in changes:
            self.columns[name] = self.columns.get(name, 0) + 1
            examples = self.examples.setdefault(name, [])
            if len(examples) < EXAMPLES:
                examples.append(f"{key}: {shown(old)} → {shown(new)}")
            if self._diff is not None:
                self._diff.writerow([key, name, written(old), written(new)])

    def report(self) -> dict[str, Any]:
        """The counts, for `--json`."""
        return {
            "matched": self.matched,
            "changed": self.changed,
            "missing": self.missing,
            "columns": self.columns,
        }


def differs(field: Any, old: Any, new: Any) -> bool:
    """Whether two values of a field are two to the database."""
    if isinstance(field, models.JSONField) and old is not None and new is not None:
        # To Python True is 1.
        return bool(_document(field, old) != _document(field, new))
    return bool(old != new)


def _document(field: Any, value: Any) -> str:
    return json.dumps(value, cls=field.encoder, sort_keys=True)


def shown(value: Any) -> str:
    """A value on a terminal."""
    if value is None:
        return "NULL"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def written(value: Any) -> str:
    """A value in a file."""
    if value is None:
        return "\\N"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
