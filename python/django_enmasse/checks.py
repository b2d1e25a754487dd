"""System checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks

from django_enmasse import conf


def check_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """The settings have known names and values."""
    given = getattr(settings, "ENMASSE", {})
    if not isinstance(given, dict):
        return [checks.Error("ENMASSE is not a dict.", id="enmasse.E001")]
    messages: list[checks.CheckMessage] = []
    for name in given:
        if name not in conf.DEFAULTS:
            hint = f"Choices are: {', '.join(conf.DEFAULTS)}"
            messages.append(checks.Warning(f"ENMASSE has an unknown name {name!r}.", hint, id="enmasse.W001"))
    if conf.get("FALLBACK") not in [*conf.LEVELS, "error"]:
        hint = f"Choices are: {', '.join([*conf.LEVELS, 'error'])}"
        messages.append(checks.Error("ENMASSE['FALLBACK'] is not a level.", hint, id="enmasse.E002"))
    return messages


def register() -> None:
    """Registers the checks."""
    checks.register(check_settings)
