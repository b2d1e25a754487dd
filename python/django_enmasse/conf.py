"""The settings: `ENMASSE = {"PATCH": False, "FALLBACK": "debug"}`."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}

DEFAULTS: dict[str, Any] = {"PATCH": False, "FALLBACK": "debug"}


def get(name: str) -> Any:
    """One of the settings, or its default."""
    return getattr(settings, "ENMASSE", {}).get(name, DEFAULTS[name])


def fallback_level() -> int | None:
    """The level at which a call that goes to Django is logged; `None` where it is an error."""
    level = get("FALLBACK")
    if level == "error":
        return None
    if level not in LEVELS:
        choices = ", ".join([*LEVELS, "error"])
        raise ImproperlyConfigured(f"ENMASSE['FALLBACK'] is {level!r}. Choices are: {choices}")
    return LEVELS[level]
