"""What makes a call go to Django."""

from __future__ import annotations

import logging

from django_enmasse import conf

logger = logging.getLogger("django_enmasse")


class Handover(Exception):
    """The engine does not take the call, for this reason: Django does it."""

    @property
    def reason(self) -> str:
        """The reason, as one line."""
        return str(self.args[0])


class FallbackError(RuntimeError):
    """A call would go to Django, where `ENMASSE["FALLBACK"]` is "error"."""


def tell_taken(model: str, engine: str, rows: int) -> None:
    """Logs that the engine does a call."""
    logger.debug("bulk_update of %s by the engine: %s", model, engine, extra={"rows": rows, "engine": engine})


def tell(model: str, reason: str) -> None:
    """Logs that Django does a call, and why; raises where the settings make that an error."""
    level = conf.fallback_level()
    if level is None:
        raise FallbackError(f"bulk_update of {model} goes to Django: {reason}.")
    logger.log(level, "bulk_update of %s goes to Django: %s", model, reason, extra={"reason": reason})
