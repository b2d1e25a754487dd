"""Settings for Django's runtests.py: its own example's, and patch mode with a count of calls."""

from __future__ import annotations

import atexit
import functools
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from databases import NAMES, database, use_driver

NAME = os.environ["ENMASSE_TEST_DATABASE"]
use_driver(NAME)


def settings_of(alias: str) -> dict[str, Any]:
    """The entry of one alias, in a database of its own."""
    if NAMES[NAME][0] is None:
        return {"ENGINE": "django.db.backends.sqlite3"}
    settings = database(NAME)
    settings["TEST"]["NAME"] += f"_{alias}"
    # The examples of Django's own continuous integration have no options; its tests set what they need.
    return settings


DATABASES = {"default": settings_of("default"), "other": settings_of("other")}
SECRET_KEY = "django_tests_secret_key"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False

# Valid calls only: one that raises says nothing of the engine.
CALLS: Counter[tuple[str, str | None]] = Counter()


def patch(**kwargs: Any) -> None:
    """Turns patch mode on; when the first connection is made, since it needs the settings."""
    from django.db.models import QuerySet
    from share import Share

    from django_enmasse.patch import apply

    if getattr(QuerySet.bulk_update, "is_counted", False):
        return
    apply()
    patched = QuerySet.bulk_update

    @functools.wraps(patched)
    def counted(self: Any, *args: Any, **kwargs: Any) -> int:
        with Share() as share:
            matched = patched(self, *args, **kwargs)
        CALLS.update(share.calls)
        return matched

    counted.is_counted = True  # type: ignore[attr-defined]
    QuerySet.bulk_update = counted  # type: ignore[method-assign]


def save() -> None:
    """Hands the counts over."""
    Path(os.environ["ENMASSE_TEST_SHARE"]).write_text(
        json.dumps([[engine, reason, count] for (engine, reason), count in CALLS.items()])
    )


if os.environ["ENMASSE_TEST_PATCH"] != "0":
    from django.db.backends.signals import connection_created

    connection_created.connect(patch, weak=False, dispatch_uid="enmasse")
    # Forked processes of the tests must not write it.
    PROCESS = os.getpid()
    atexit.register(lambda: save() if os.getpid() == PROCESS else None)
