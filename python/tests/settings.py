"""The settings of the tests, by variables of the environment:

ENMASSE_TEST_DATABASE   a name of databases.py; default: sqlite
ENMASSE_TEST_USE_TZ     0 turns USE_TZ off
ENMASSE_TEST_PATCH      0 leaves Django's own `bulk_update` in place
"""

from __future__ import annotations

import os
import tempfile

from databases import NAMES, database, use_driver

NAME = os.environ.get("ENMASSE_TEST_DATABASE", "sqlite")
use_driver(NAME)

# Threads and several connections need a file.
DIRECTORY = tempfile.TemporaryDirectory(prefix="enmasse-django-")


def settings_of(alias: str) -> dict[str, object]:
    """The entry of one alias, in a database of its own."""
    settings = database(NAME, os.path.join(DIRECTORY.name, f"{alias}.sqlite3"))
    if NAME == "sqlite":
        settings["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA synchronous = OFF",
        }
    else:
        settings["TEST"]["NAME"] += f"_{alias}"  # type: ignore[index]
    return settings


DATABASES = {"default": settings_of("default"), "other": settings_of("other")}
DATABASE_ROUTERS = ["shop.routers.OtherRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = "of databases that are thrown away"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "simple_history",
    "import_export",
    "shop",
    "surface",
    "bridges",
    "django_enmasse",
]
if NAMES[NAME][2] == "postgresql":
    INSTALLED_APPS += ["django.contrib.postgres", "pgshop"]
# All tables are made at once: those of an app without migrations may refer to Django's own.
MIGRATION_MODULES = {"auth": None, "contenttypes": None}
ROOT_URLCONF = "urls"

USE_TZ = os.environ.get("ENMASSE_TEST_USE_TZ", "1") != "0"
# Neither UTC nor the machine's own zone, and one with summer time.
TIME_ZONE = "America/New_York"

ENMASSE = {"PATCH": os.environ.get("ENMASSE_TEST_PATCH", "1") != "0"}
