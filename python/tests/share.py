"""The calls of `bulk_update` that the engine took, and those that went to Django, by the package's log."""

from __future__ import annotations

import logging
from collections import Counter


class Share(logging.Handler):
    """Counts calls while it is open: `with Share() as share: …; share.calls`."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        # (engine, None) or ("django", reason), with how many calls.
        self.calls: Counter[tuple[str, str | None]] = Counter()
        self.last: tuple[str, str | None] | None = None
        self.logger = logging.getLogger("django_enmasse")

    def emit(self, record: logging.LogRecord) -> None:
        """Counts a call."""
        engine, reason = getattr(record, "engine", None), getattr(record, "reason", None)
        if engine is None and reason is None:
            return
        self.last = (engine, None) if engine else ("django", reason)
        self.calls[self.last] += 1

    def __enter__(self) -> Share:
        self.level_before = self.logger.level
        self.logger.addHandler(self)
        self.logger.setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        self.logger.setLevel(self.level_before)
        self.logger.removeHandler(self)

    @property
    def taken(self) -> int:
        """The calls that the engine took."""
        return sum(count for (engine, _), count in self.calls.items() if engine != "django")

    def __str__(self) -> str:
        return table(self.calls)


def table(calls: Counter[tuple[str, str | None]]) -> str:
    """The counts as lines, the most frequent first."""
    total = sum(calls.values())
    taken = sum(count for (engine, _), count in calls.items() if engine != "django")
    lines = [f"The engine took {taken} of {total} calls{f' ({100 * taken / total:.0f}%)' if total else ''}:"]
    for (engine, reason), count in calls.most_common():
        lines.append(f"  {count:6} {engine}{f': {reason}' if reason else ''}")
    return "\n".join(lines)
