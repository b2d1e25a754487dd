"""What a bulk write did."""

from __future__ import annotations

from typing import Any


class BulkReport(int):
    """The number of rows that matched, as Django's methods return it, with all else that is known of the
    write."""

    changed: int
    """Rows of these that were written."""
    missing: list[Any]
    """The keys that matched no row."""
    rows: list[Any]
    """The rows that were asked for by `returning`."""
    engine: str
    """How the rows were carried: `copy`, `arrays`, …; `django` where Django did it."""
    reason: str | None
    """Why Django did it."""

    def __new__(
        cls,
        matched: int,
        *,
        changed: int | None = None,
        missing: list[Any] | None = None,
        rows: list[Any] | None = None,
        engine: str = "django",
        reason: str | None = None,
    ) -> BulkReport:
        """A report: `matched` rows matched."""
        report = super().__new__(cls, matched)
        report.changed = matched if changed is None else changed
        report.missing = [] if missing is None else missing
        report.rows = [] if rows is None else rows
        report.engine = engine
        report.reason = reason
        return report

    @property
    def matched(self) -> int:
        """The number of rows that matched."""
        return int(self)

    def __repr__(self) -> str:
        parts = [f"matched={int(self)}", f"changed={self.changed}"]
        if self.missing:
            parts.append(f"missing={len(self.missing)}")
        parts.append(f"engine={self.engine!r}")
        if self.reason is not None:
            parts.append(f"reason={self.reason!r}")
        return f"BulkReport({', '.join(parts)})"

    def __str__(self) -> str:
        return str(int(self))
