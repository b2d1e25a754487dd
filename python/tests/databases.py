"""The databases that the tests run on, by name, as Django's settings have them.

A name says the server and, where there are several, the driver. The servers' addresses are in the
variables `ENMASSE_TEST_POSTGRES_URL`, `…_MARIADB_URL` and `…_MYSQL_URL`, which `scripts/with-databases`
sets.
"""

from __future__ import annotations

import os
import sys
from typing import Any
from urllib.parse import unquote, urlsplit

# Of each name: the variable of its address (none for SQLite), the driver and Django's backend.
NAMES: dict[str, tuple[str | None, str, str]] = {
    "sqlite": (None, "sqlite3", "sqlite3"),
    "postgres": ("ENMASSE_TEST_POSTGRES_URL", "psycopg", "postgresql"),
    "postgres-psycopg2": ("ENMASSE_TEST_POSTGRES_URL", "psycopg2", "postgresql"),
    "mariadb": ("ENMASSE_TEST_MARIADB_URL", "MySQLdb", "mysql"),
    "mariadb-pymysql": ("ENMASSE_TEST_MARIADB_URL", "pymysql", "mysql"),
    "mysql": ("ENMASSE_TEST_MYSQL_URL", "MySQLdb", "mysql"),
    "mysql-pymysql": ("ENMASSE_TEST_MYSQL_URL", "pymysql", "mysql"),
}


def available() -> list[str]:
    """The names whose servers have an address."""
    return [name for name, (variable, _, _) in NAMES.items() if variable is None or os.environ.get(variable)]


def use_driver(name: str) -> None:
    """Makes Django's backend take the driver of the database; before anything of Django is imported."""
    driver = NAMES[name][1]
    if driver == "psycopg2":
        # Django prefers psycopg 3 where it is installed.
        sys.modules["psycopg"] = None  # type: ignore[assignment]
    elif driver == "pymysql":
        import pymysql

        pymysql.install_as_MySQLdb()


def database(name: str, file: str = ":memory:") -> dict[str, Any]:
    """The entry of `DATABASES`; `file` is SQLite's."""
    variable, driver, backend = NAMES[name]
    engine = f"django.db.backends.{backend}"
    if variable is None:
        return {"ENGINE": engine, "NAME": file, "TEST": {"NAME": None if file == ":memory:" else file}}
    parts = urlsplit(os.environ[variable])
    options: dict[str, Any] = {}
    if backend == "mysql":
        options = {"charset": "utf8mb4"}
    elif driver.startswith("psycopg"):
        options = {"sslmode": "disable"}
    return {
        "ENGINE": engine,
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        # Django's tests make a database of their own: several runs at once must not share it.
        "TEST": {
            "NAME": f"enmasse_django_{os.getpid()}",
            "CHARSET": "utf8mb4" if backend == "mysql" else None,
        },
    }
