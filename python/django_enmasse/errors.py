"""The engine's errors as Django's exceptions, with what they are about: the model, the keys of the rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist, FieldError, ImproperlyConfigured, ObjectDoesNotExist
from django.db import DatabaseError, DataError, IntegrityError, NotSupportedError, OperationalError

from django_enmasse._engine import EngineError, Update


class DuplicateKeysError(ValueError):
    """Two rows of one batch have the same key: which of them is to be written is not known. `keys` names
    them."""


class MissingRowsError(ObjectDoesNotExist):
    """Rows of a batch match none of the table, where that was to be an error. `keys` names them."""


KINDS: dict[str, type[Exception]] = {
    "UnknownField": FieldDoesNotExist,
    "Field": FieldError,
    "Value": ValueError,
    "Request": TypeError,
    "NotSupported": NotSupportedError,
    "DuplicateKey": DuplicateKeysError,
    "Unsaved": ValueError,
    "Integrity": IntegrityError,
    "Data": DataError,
    "Conflict": OperationalError,
    "Configuration": ImproperlyConfigured,
}


def exception_of(error: EngineError, model: Any, names: Sequence[str]) -> Exception:
    """The exception for an error of the engine; `names` are the fields by which rows are found."""
    kind, message, keys = error.args
    if keys and kind != "DuplicateKey":
        message = f"{message} The row is {shown_key(keys[0], names)}."
    return about(KINDS.get(kind, DatabaseError)(message), model, keys)


def about(error: Exception, model: Any, keys: Sequence[Any]) -> Exception:
    """The exception, which says of its own what it is about."""
    error.model = model  # type: ignore[attr-defined]
    error.keys = list(keys)  # type: ignore[attr-defined]
    return error


def shown_key(key: Any, names: Sequence[str]) -> str:
    """`id=5`, `order=5, line=2`."""
    values = key if isinstance(key, tuple) else (key,)
    return ", ".join(f"{name}={value!r}" for name, value in zip(names, values, strict=False))


CONFLICTS = ("40001", "40P01", 1213)
"""Codes of a deadlock or a serialisation failure: the transaction may be tried again."""

NO_RIGHT = (1044, 1142, 1227, 1370, "42501")
"""Codes of a right that the user lacks: to make temporary tables, for instance, which Django does without."""


NULL_STAGED = 1263
"""MySQL's code where a column of a temporary table takes no NULL: of the model's an `IntegrityError`."""

OF_SERVER = (1205, 1213, 1317, 2006, 2013, 2055, 3024)
"""MySQL's codes of what no other statement would mend: a deadlock, a timeout, a lost connection."""


def is_of_server(error: Exception, connection: Any) -> bool:
    """Whether the error is not of the rows or of the statement: nothing is tried instead."""
    if not isinstance(error, OperationalError):
        return False
    return connection.vendor != "mysql" or code_of(error) in OF_SERVER


def code_of(error: BaseException) -> Any:
    """The database's own code: an SQLSTATE, or MySQL's number."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return state or (error.args[0] if error.args else None)


STAGED = re.compile(r"([`'])([kv])(\d+)(?=[`'])")
"""The name of a column of a temporary table in an error of a database."""


def translated(error: DatabaseError, update: Update, model: Any) -> DatabaseError:
    """The error of a database with the names of fields for the columns of the engine's temporary table."""
    names, width = update.carried

    def name(found: re.Match[str]) -> str:
        before, kind, number = found.groups()
        position = int(number) + (width if kind == "v" else 0)
        return f"{before}{model._meta.object_name}.{names[position]}" if position < len(names) else found[0]

    kind = IntegrityError if code_of(error) == NULL_STAGED else type(error)
    return kind(*(STAGED.sub(name, one) if isinstance(one, str) else one for one in error.args))
