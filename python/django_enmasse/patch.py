"""Patch mode: `QuerySet.bulk_update` of every model goes through the engine, with exactly Django's semantics."""

from __future__ import annotations


def apply_settings() -> None:
    """Patches `QuerySet`, where the settings ask for it."""
