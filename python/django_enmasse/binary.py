"""Parameters of psycopg that are in PostgreSQL's binary format already."""

from __future__ import annotations

from typing import Any

from psycopg.adapt import Dumper
from psycopg.pq import Format


class Encoded:
    """A parameter in PostgreSQL's binary format; the statement says of which type it is."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"<{len(self.data)} bytes>"


class EncodedDumper(Dumper):
    """Passes the bytes on."""

    format = Format.BINARY
    oid = 0

    def dump(self, obj: Any) -> bytes:
        """The bytes as they are."""
        return obj.data  # type: ignore[no-any-return]
