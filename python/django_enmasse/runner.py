"""Runs what the engine asks for on Django's connection: in its transactions, with its wrappers, logs and
errors."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from typing import Any

from django.db import DatabaseError, transaction
from django.db.backends.utils import CursorDebugWrapper

from django_enmasse._engine import Update, functions

IN_MEMORY = 32 << 20
"""Bytes of encoded rows that are kept in memory; more go to a temporary file."""

CHUNK = 256 << 10


class Host:
    """The host of a plan on one of Django's connections."""

    def __init__(self, connection: Any, *, always_atomic: bool = False) -> None:
        connection.ensure_connection()
        self.connection = connection
        self.always_atomic = always_atomic
        self.is_nested = False
        """Whether somebody else has begun what is written wholly or not at all."""
        self.is_undone = True
        """Whether nothing of what was sent is left where it fails, so that the same can be done again."""
        self.atomic: Any = None
        self.spool: Any = None
        self.raw = self.raw_cursor()
        self.wrapped = connection._prepare_cursor(self.raw)

    # what the engine asks for

    def keep(self, data: bytes) -> None:
        """Keeps encoded rows until they are loaded: in between the source may use the connection."""
        if self.spool is None:
            self.spool = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self.spool.write(data)

    def begin(self, scope: str) -> bool:
        """Begins what is written wholly or not at all: one statement, one for each row, all of which are
        encoded, or several steps.

        Inside of a transaction only the steps have a savepoint: an error of the others ends the transaction,
        as Django's does.
        """
        inside = self.connection.in_atomic_block
        has_savepoint = inside and scope == "steps"
        self.is_undone = not self.is_nested and (not inside or has_savepoint)
        if self.is_nested:
            return True
        if scope == "statement" and not (inside or self.always_atomic) and self.connection.get_autocommit():
            return False
        self.atomic = transaction.atomic(using=self.connection.alias, savepoint=has_savepoint)
        self.atomic.__enter__()
        return True

    def end(self, error: BaseException | None) -> None:
        """Ends it."""
        atomic, self.atomic = self.atomic, None
        if atomic is not None:
            atomic.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)

    def execute(self, sql: str, params: list[Any]) -> tuple[int, int | None]:
        """Runs a statement: the number of rows that it matched, and of those that it changed where the
        driver says so."""
        self._send(sql, params, self._execute)
        return int(self.raw.rowcount), None

    def query(self, sql: str, params: list[Any]) -> Any:
        """Runs a statement: its rows."""
        self._send(sql, params, self._execute)
        with self.connection.wrap_database_errors:
            return self.raw.fetchall()

    def load(self, sql: str) -> None:
        """Streams the rows that were kept to a statement."""
        raise NotImplementedError

    def execute_many(self, sql: str, rows: list[tuple[Any, ...]]) -> int:
        """Runs a statement for each row: the number of rows that they matched."""
        self._send(sql, rows, lambda sql, rows: self.raw.executemany(sql, rows), many=True)
        return int(self.raw.rowcount)

    def execute_row(self, sql: str, row: tuple[Any, ...]) -> int:
        """Runs a statement for one row of many."""
        self._send(sql, row, self._execute)
        return int(self.raw.rowcount)

    def query_row(self, sql: str, row: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Runs a statement that gives rows for one row of many."""
        self._send(sql, row, self._execute)
        with self.connection.wrap_database_errors:
            return [tuple(found) for found in self.raw.fetchall()]

    def encoded(self, data: bytes) -> Any:
        """An array in the database's own binary form, as the driver takes it."""
        raise NotImplementedError

    # how

    def raw_cursor(self) -> Any:
        """The driver's cursor."""
        return self.connection.create_cursor()

    def forget(self) -> None:
        """Lets go of the rows that it keeps."""
        if self.spool is not None:
            self.spool.close()
            self.spool = None

    def close(self) -> None:
        """Lets go of what it holds."""
        self.forget()
        # of a connection that is lost, the error that said so is the one to be told
        with suppress(DatabaseError), self.connection.wrap_database_errors:
            self.raw.close()

    def _execute(self, sql: str, params: Any) -> None:
        self.raw.execute(sql, params)

    def _send(self, sql: str, params: Any, call: Callable[[str, Any], object], *, many: bool = False) -> None:
        """Runs a statement as Django's own cursors do: seen by execute wrappers and by the log, its errors
        Django's."""

        def executor(sql: str, params: Any, many: bool, context: dict[str, Any]) -> None:
            self.connection.validate_no_broken_transaction()
            with self.connection.wrap_database_errors:
                call(sql, params)

        wrapped = self.wrapped
        is_logged = isinstance(wrapped, CursorDebugWrapper)
        # the parameters may have no text of their own
        log = wrapped.debug_sql(sql, params, many=many) if is_logged else nullcontext()
        with log:
            wrapped._execute_with_wrappers(sql, params, many, executor)


class Psycopg3Host(Host):
    """PostgreSQL by psycopg 3."""

    def raw_cursor(self) -> Any:
        import psycopg

        from django_enmasse.binary import Encoded, EncodedDumper

        # Django's own may bind in the client, which has no binary parameters
        cursor = psycopg.Cursor(self.connection.connection)
        cursor.adapters.register_dumper(Encoded, EncodedDumper)
        self.encoded = Encoded  # type: ignore[method-assign]
        return cursor

    def load(self, sql: str) -> None:
        def copy(sql: str, params: Any) -> None:
            self.spool.seek(0)
            with self.raw.copy(sql) as stream:
                while data := self.spool.read(CHUNK):
                    stream.write(data)

        self._send(sql, None, copy)


class Psycopg2Host(Host):
    """PostgreSQL by psycopg2."""

    def raw_cursor(self) -> Any:
        return self.connection.connection.cursor()

    def _execute(self, sql: str, params: Any) -> None:
        from psycopg2.extensions import AsIs

        # it puts numbers into the text, and `-2147483648::integer` is the negative of one that is too large
        bound = [AsIs(f"({one})") if isinstance(one, int) and one < 0 else one for one in params]
        self.raw.execute(sql, bound)

    def load(self, sql: str) -> None:
        def copy(sql: str, params: Any) -> None:
            self.spool.seek(0)
            self.raw.copy_expert(sql, self.spool, CHUNK)

        self._send(sql, None, copy)


class MysqlHost(Host):
    """MariaDB and MySQL by mysqlclient, or by PyMySQL in its place."""

    def execute(self, sql: str, params: list[Any]) -> tuple[int, int | None]:
        matched, _ = super().execute(sql, params)
        driver = self.connection.connection
        info = driver.info() if hasattr(driver, "info") else driver._result and driver._result.message
        text = info.decode(errors="replace") if isinstance(info, bytes) else str(info)
        found = CHANGED.search(text)
        return matched, min(int(found[1]), matched) if found else None

    def keep(self, data: bytes) -> None:
        if self.spool is None:
            self.spool = _memory_file()
        elif self.spool.name.__class__ is int and self.spool.tell() > IN_MEMORY:
            larger = tempfile.NamedTemporaryFile()  # noqa: SIM115
            self.spool.seek(0)
            while some := self.spool.read(CHUNK):
                larger.write(some)
            self.spool.close()
            self.spool = larger
        self.spool.write(data)

    def load(self, sql: str) -> None:
        self.spool.flush()
        name = self.spool.name
        path = f"/proc/self/fd/{name}" if isinstance(name, int) else name
        path = path.replace("\\", "/").replace("'", "''")
        sql = sql.replace("LOCAL INFILE 'enmasse'", f"LOCAL INFILE '{path}'", 1)
        try:
            self._send(sql, None, self._execute)
        except DatabaseError as error:
            if error.args and error.args[0] in REFUSED:
                raise LoadRefusedError(str(error.args[-1])) from error
            raise


class SqliteHost(Host):
    """SQLite."""

    def raw_cursor(self) -> Any:
        raw = self.connection.connection
        if self.connection.__dict__.get("_enmasse_functions") is not raw:
            for name, arguments, function in functions():
                raw.create_function(name, arguments, function, deterministic=True)
            self.connection._enmasse_functions = raw
        # Django's own looks for placeholders in each statement, and keeps all rows of `executemany`
        return raw.cursor()


def _memory_file() -> Any:
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("enmasse"), "w+b")
    return tempfile.NamedTemporaryFile()


CHANGED = re.compile(r"Changed: (\d+)")
"""What MySQL and MariaDB say of an update: `Rows matched: 3  Changed: 2  Warnings: 0`."""

REFUSED = (1148, 2068, 3948, 4166)
"""MySQL's and MariaDB's errors where the server, or the driver, refuses `LOAD DATA LOCAL`, before a row is
sent."""


class LoadRefusedError(Exception):
    """`LOAD DATA LOCAL` is refused: another way is taken, on this connection from now on."""


def run(update: Update, rows: Iterable[Any], host: Host) -> dict[str, Any]:
    """Runs an update with these rows."""
    host.forget()
    return update.run(rows, host)


def host_for(connection: Any, *, always_atomic: bool = False) -> Host:
    """The host for the connection's driver."""
    if connection.vendor == "postgresql":
        from django.db.backends.postgresql.psycopg_any import is_psycopg3

        kind: type[Host] = Psycopg3Host if is_psycopg3 else Psycopg2Host
    else:
        kind = MysqlHost if connection.vendor == "mysql" else SqliteHost
    return kind(connection, always_atomic=always_atomic)
