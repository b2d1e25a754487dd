"""Enmasse's engine: it plans bulk updates and encodes their rows."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol

__version__: str

class EngineError(Exception):
    """An error of the engine's own. Its arguments are the kind's name, the message and the keys that it is
    about."""

def functions() -> list[tuple[str, int, Callable[..., Any]]]:
    """The functions that the engine's SQL for SQLite uses: name, number of arguments, function."""

class Database:
    """A database of this version, and what the driver can do."""

    @staticmethod
    def postgres(version: tuple[int, int], copy: bool, arrays: bool) -> Database: ...
    @staticmethod
    def mysql(version: tuple[int, int], is_mariadb: bool, max_packet: int, load: bool) -> Database: ...
    @staticmethod
    def sqlite(version: tuple[int, int], max_params: int) -> Database: ...

class Table:
    """A model's tables, and how its columns are read from objects."""

    def __new__(
        cls,
        label: str,
        models: Sequence[tuple[Any, ...]],
        readers: dict[str, tuple[str, Callable[[Any], Any], bool, bool]],
    ) -> Table: ...

class Host(Protocol):
    """What runs the statements of an update."""

    def keep(self, data: bytes) -> None: ...
    def begin(self, scope: Literal["statement", "rows", "steps"]) -> bool: ...
    def end(self, error: BaseException | None) -> None: ...
    def execute(self, sql: str, params: list[Any]) -> tuple[int, int | None]: ...
    def query(self, sql: str, params: list[Any]) -> Iterable[tuple[Any, ...]]: ...
    def load(self, sql: str) -> None: ...
    def execute_many(self, sql: str, rows: list[tuple[Any, ...]]) -> int: ...
    def execute_row(self, sql: str, row: tuple[Any, ...]) -> int: ...
    def query_row(self, sql: str, row: tuple[Any, ...]) -> list[tuple[Any, ...]]: ...
    def encoded(self, data: bytes) -> Any: ...

class Update:
    """A bulk update that is planned."""

    def __new__(
        cls,
        database: Database,
        table: Table,
        fields: list[str],
        *,
        total: int | None = None,
        on_duplicate: Literal["refuse", "first", "first_of_bytes"] = "refuse",
        missing: Literal["keys", "ignored"] = "keys",
        matching_on: list[str] = ...,
        skip_unchanged: bool = False,
        returning: Literal["nothing", "new", "old", "changed"] = "nothing",
        constants: list[tuple[str, Any]] = ...,
        batch_size: int | None = None,
        objects_only: bool = False,
        condition: tuple[str, list[Any]] | None = None,
    ) -> Update: ...
    @property
    def carried(self) -> tuple[list[str], int]:
        """The names of the fields that a row carries: first those by which it is found, of which there are
        so many."""
    @property
    def fields(self) -> list[str]:
        """The names of all fields, in the order in which rows that come back have their values."""
    @property
    def engine(self) -> str:
        """How the rows are carried: `copy`, `arrays` and so on."""
    def explain(self) -> str:
        """The SQL, for people."""
    def check(self, rows: Iterable[Any]) -> None:
        """Encodes these rows and sends nothing: what cannot travel is an error."""
    def run(self, rows: Iterable[Any], host: Host) -> dict[str, Any]:
        """Runs it with these rows."""
