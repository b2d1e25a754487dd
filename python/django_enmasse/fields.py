"""Django's fields as the engine's columns: which values travel as they are, and what prepares all others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timezone as utc_zone
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils import timezone

from django_enmasse.handover import Handover

Prepare = Callable[[Any], Any]

INT64 = (-(2**63), 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Column:
    """A field as the engine has it."""

    name: str
    column: str
    data_type: str
    attname: str
    prepare: Prepare
    """Makes a plain value of any that is not exactly of the column's Python type."""
    takes_exact: bool
    """Whether plain values need no preparation."""
    takes_null: bool
    span: tuple[int, int] | None = None
    """The least and the greatest number that fit, where that is less than the type's."""
    is_auto: bool = False
    """Whether a write sets it to its time, which alone does not make a row changed."""


def column_of(field: models.Field[Any, Any], connection: Any) -> Column:
    """The field as a column.

    Raises `Handover` where its values cannot travel.
    """
    target = _target(field)
    kind = KINDS.get(type(target))
    if _is_array(target) and field is target:
        data_type, span, prepare, takes_exact = _array(target, connection)
    elif kind is None or (type(field) not in RELATIONS and field is not target):
        data_type, span = _type_of_other(field, connection)
        prepare, takes_exact = _prepare_other(field, connection), False
    else:
        data_type, span = kind(target, connection)
        prepare, takes_exact = _preparation(target, data_type, connection)
    is_auto = bool(getattr(field, "auto_now", False))
    names = (field.name, str(field.column), data_type, field.attname)
    return Column(*names, prepare, takes_exact, field.null, span, is_auto)


def _is_array(field: Any) -> bool:
    """Whether it is an `ArrayField` itself, whose module needs a driver of PostgreSQL."""
    kind = type(field)
    return kind.__module__ == "django.contrib.postgres.fields.array" and kind.__name__ == "ArrayField"


def _array(field: Any, connection: Any) -> tuple[str, None, Prepare, bool]:
    """The column of an array of scalars."""
    item = column_of(field.base_field, connection)
    kind = item.data_type.split(":")[0]
    if type(field.base_field) not in KINDS or kind in ("json", "native"):
        raise Handover("an array of other values than plain ones")

    def prepare(value: Any) -> Any:
        if hasattr(value, "resolve_expression"):
            raise Handover(EXPRESSION)
        return [item.prepare(one) for one in value] if isinstance(value, (list, tuple)) else value

    return f"array:{item.data_type}", None, prepare, item.takes_exact


def _target(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """The field that a foreign key's value is of; any other field itself."""
    while type(field) in RELATIONS:
        field = field.target_field  # type: ignore[attr-defined]
    return field


def _preparation(field: models.Field[Any, Any], data_type: str, connection: Any) -> tuple[Prepare, bool]:
    """What prepares values for one of Django's own fields, and whether plain values need none."""
    convert: Prepare = field.get_prep_value
    takes_exact = True
    if isinstance(field, models.GenericIPAddressField):
        plain = convert
        convert, takes_exact = lambda value: plain(value) or None, False
    elif isinstance(field, models.BinaryField):
        convert = _bytes
    elif isinstance(field, models.DateTimeField) and data_type == "naive_datetime" and settings.USE_TZ:
        plain, zone = convert, connection.timezone
        convert, takes_exact = lambda value: timezone.make_naive(plain(value), zone), False
    elif isinstance(field, models.DateTimeField) and data_type == "datetime" and not settings.USE_TZ:
        convert = _in_zone(convert, ZoneInfo(connection.timezone_name))
    elif isinstance(field, models.DecimalField):
        convert = field.to_python
    elif isinstance(field, models.JSONField):
        encoder = field.encoder
        convert, takes_exact = lambda value: json.dumps(value, cls=encoder), False

    def prepare(value: Any) -> Any:
        if value is None:
            return None
        if hasattr(value, "resolve_expression"):
            raise Handover(EXPRESSION)
        return convert(value)

    return prepare, takes_exact


EXPRESSION = "an object has an expression for a value"


def _in_zone(convert: Prepare, zone: ZoneInfo) -> Prepare:
    """What makes a moment of a datetime without a zone: PostgreSQL takes it for one of its session's zone."""

    def moment(value: Any) -> Any:
        value = convert(value)
        if value is None or value.tzinfo is not None:
            return value
        early, late = value.replace(tzinfo=zone, fold=0), value.replace(tzinfo=zone, fold=1)
        if early.utcoffset() != late.utcoffset():
            raise Handover("a datetime without a zone in an hour that comes twice, or not at all")
        return early

    return moment


def _prepare_other(field: models.Field[Any, Any], connection: Any) -> Prepare:
    """What prepares values for a field that is not one of Django's own: its own method for saving."""
    # Django gives that method the whole expression of a batch as well
    whole = models.Case(output_field=field)
    try:
        is_passed_on = field.get_db_prep_save(whole, connection) is whole
    except Exception:
        is_passed_on = False
    if not is_passed_on:
        raise Handover(f"a field of the class {type(field).__name__}, which takes no expressions")

    save = field.get_db_prep_save
    if isinstance(field, models.DateTimeField) and connection.vendor == "postgresql" and not settings.USE_TZ:
        convert = _in_zone(lambda value: save(value, connection), ZoneInfo(connection.timezone_name))
    elif isinstance(field, models.BinaryField):
        convert = lambda value: _bytes(save(value, connection))  # noqa: E731
    else:
        convert = lambda value: save(value, connection)  # noqa: E731

    def prepare(value: Any) -> Any:
        if hasattr(value, "resolve_expression"):
            raise Handover(EXPRESSION)
        value = convert(value)
        if hasattr(value, "as_sql") or hasattr(value, "resolve_expression"):
            raise Handover(EXPRESSION)
        return value

    return prepare


def _bytes(value: Any) -> Any:
    """The bytes of what a driver takes for bytes."""
    value = getattr(value, "obj", value) if not isinstance(value, (bytes, bytearray, memoryview)) else value
    return bytes(value) if isinstance(value, (bytearray, memoryview)) else value


Kind = Callable[[Any, Any], "tuple[str, tuple[int, int] | None]"]


def _simple(name: str) -> Kind:
    return lambda field, connection: (name, None)


def _integer(name: str, unsigned: int | None = None) -> Kind:
    def kind(field: Any, connection: Any) -> tuple[str, tuple[int, int] | None]:
        if connection.vendor == "sqlite":
            return "bigint", None
        if connection.vendor == "mysql" and unsigned is not None:
            return "bigint", (0, min(unsigned, INT64[1]))
        return name, None

    return kind


def _text(field: Any, connection: Any) -> tuple[str, tuple[int, int] | None]:
    # SQLite has no lengths
    limit = None if connection.vendor == "sqlite" else field.max_length
    return ("text" if limit is None else f"text:{limit}"), None


def _address(field: Any, connection: Any) -> tuple[str, tuple[int, int] | None]:
    return ("native:inet" if connection.vendor == "postgresql" else "text"), None


def _moment(field: Any, connection: Any) -> tuple[str, tuple[int, int] | None]:
    if connection.vendor == "postgresql":
        return "datetime", None
    if not settings.USE_TZ:
        return "naive_datetime", None
    is_utc = connection.timezone is utc_zone.utc or str(connection.timezone) in ("UTC", "Etc/UTC")
    return ("datetime" if is_utc else "naive_datetime"), None


def _decimal(field: Any, connection: Any) -> tuple[str, tuple[int, int] | None]:
    return f"decimal:{_shown(field.max_digits)}:{_shown(field.decimal_places)}", None


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)


RELATIONS = (models.ForeignKey, models.OneToOneField)

KINDS: dict[type, Kind] = {
    models.AutoField: _integer("integer"),
    models.BigAutoField: _integer("bigint"),
    models.SmallAutoField: _integer("smallint"),
    models.IntegerField: _integer("integer"),
    models.BigIntegerField: _integer("bigint"),
    models.SmallIntegerField: _integer("smallint"),
    models.PositiveIntegerField: _integer("integer", 2**32 - 1),
    models.PositiveBigIntegerField: _integer("bigint", 2**64 - 1),
    models.PositiveSmallIntegerField: _integer("smallint", 2**16 - 1),
    models.BooleanField: _simple("bool"),
    models.CharField: _text,
    models.EmailField: _text,
    models.SlugField: _text,
    models.URLField: _text,
    models.FileField: _text,
    models.ImageField: _text,
    models.FilePathField: _text,
    models.TextField: _simple("text"),
    models.GenericIPAddressField: _address,
    models.FloatField: _simple("double"),
    models.DecimalField: _decimal,
    models.BinaryField: _simple("bytes"),
    models.DateField: _simple("date"),
    models.DateTimeField: _moment,
    models.TimeField: _simple("time"),
    models.DurationField: _simple("duration"),
    models.UUIDField: _simple("uuid"),
    models.JSONField: _simple("json"),
}
"""Django's own fields: exactly these classes, with Django's own methods."""

IN_TEXT = ("datetime", "naive_datetime", "date", "time", "decimal", "uuid", "json")
"""Types whose values Django's fields prepare as texts for SQLite, MySQL and MariaDB."""

COLUMN_TYPES = {
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "boolean": "bool",
    "double precision": "double",
    "bytea": "bytes",
    "text": "text",
    "varchar": "text",
    "char": "text",
    "longtext": "text",
}
"""Columns by the name of their type, for fields that extend none of Django's own."""


def _type_of_other(field: models.Field[Any, Any], connection: Any) -> tuple[str, tuple[int, int] | None]:
    """The type of a field that is not one of Django's own, by the class that it extends and its column."""
    name = f"a field of the class {type(field).__name__}"
    if isinstance(field, models.ForeignObject):
        raise Handover(f"{name}, a relation of another kind")
    if hasattr(field, "get_placeholder"):
        raise Handover(f"{name}, with a placeholder of its own")
    is_postgres = connection.vendor == "postgresql"
    column_type = field.db_type(connection)
    base = next((base for base in type(field).__mro__ if base in KINDS), None)
    if base is not None and column_type == cast(Any, base).db_type(field, connection):
        data_type, span = KINDS[base](field, connection)
        kind = data_type.split(":")[0]
        if is_postgres:
            if kind == "json":
                raise Handover(f"{name}, whose values have a form of their own")
        elif kind in IN_TEXT:
            return "text", None
        elif kind == "duration":
            return "bigint", None
        return data_type, span
    known = COLUMN_TYPES.get(str(column_type).split("(")[0].strip().lower())
    if known is not None:
        is_wider = connection.vendor == "sqlite" and known in ("smallint", "integer")
        return ("bigint" if is_wider else known), None
    if is_postgres and column_type is not None:
        return f"native:{column_type}", None
    raise Handover(f"{name}, whose column has a type that the engine does not know")
