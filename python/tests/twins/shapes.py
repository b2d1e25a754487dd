"""The models that have a twin, and the rows that both tables begin with."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.db import connection, connections, models
from shop import models as shop

from twins import values

# What the tables have from the start: auto_now gives each row the time of its own.
BEGINNING = dt.datetime(2020, 1, 1, 12)


@dataclass(frozen=True)
class Shape:
    """A model and its twin."""

    name: str
    engine: type[models.Model]
    django: type[models.Model]
    rows: int
    # The key of each row, by its number.
    key: Callable[[int], Any]
    # Fields of a row, by its number.
    row: Callable[[int], dict[str, Any]] = field(default=lambda number: {})
    # Names of fields that are written, where not all are.
    only: tuple[str, ...] = ()
    # The shape whose rows these are too: a parent's or a proxy's.
    rows_of: Shape | None = None

    def model(self, side: str) -> type[models.Model]:
        """The model of the engine, or Django's."""
        return self.engine if side == "engine" else self.django

    def names(self) -> list[str]:
        """The fields that a bulk update may write, parents' too."""
        found = [
            item.name
            for item in self.django._meta.concrete_fields
            if not item.generated and item not in key_fields(self.django)
        ]
        return [name for name in found if name in self.only] if self.only else found

    def tables(self, side: str) -> list[type[models.Model]]:
        """The models whose tables hold a row: the parents first."""
        model = self.model(side)._meta.concrete_model
        return [*reversed(model._meta.all_parents), model]


def key_fields(model: type[models.Model]) -> set[models.Field]:
    """The fields of the key, and of the parents' keys."""
    owners = [model, *model._meta.all_parents]
    return {item for owner in owners for item in owner._meta.pk_fields} | {
        item for owner in owners for item in owner._meta.parents.values() if item
    }


def everything_row(number: int) -> dict[str, Any]:
    """A row with a value or NULL in each field, the same in both tables."""
    random = Random(f"row {number}")
    row: dict[str, Any] = {}
    for item in shop.EverythingB._meta.concrete_fields:
        if item.primary_key or item.generated or item.name in ("created", "modified", "label", "by_slug"):
            continue
        row[item.attname] = values.plain(item, random) if not item.null or random.random() < 0.6 else None
    row["stamp"] = None
    return row


PIZZERIA = Shape(
    "Pizzeria",
    shop.PizzeriaA,
    shop.PizzeriaB,
    40,
    lambda n: n,
    lambda n: {"name": f"place {n}", "stars": n % 5, "heat": n / 4},
)

SHAPES = [
    Shape("Everything", shop.EverythingA, shop.EverythingB, 120, lambda n: n, everything_row),
    Shape("TextKey", shop.TextKeyA, shop.TextKeyB, 40, lambda n: f"k{n} é'\\%", lambda n: {"number": n}),
    Shape(
        "UuidKey",
        shop.UuidKeyA,
        shop.UuidKeyB,
        40,
        lambda n: uuid.UUID(int=n << 90 | n),
        lambda n: {"number": n},
    ),
    Shape(
        "Composite",
        shop.CompositeA,
        shop.CompositeB,
        40,
        lambda n: ("a'%s" if n % 2 else "b", n // 2),
        lambda n: {"tenant": "a'%s" if n % 2 else "b", "number": n // 2, "points": n},
        ("note", "points"),
    ),
    Shape("CentsKey", shop.CentsKeyA, shop.CentsKeyB, 20, lambda n: n / 100, lambda n: {"number": n}),
    Shape("Place", shop.PlaceA, shop.PlaceB, 40, lambda n: n, rows_of=PIZZERIA),
    Shape("Restaurant", shop.RestaurantA, shop.RestaurantB, 40, lambda n: n, rows_of=PIZZERIA),
    PIZZERIA,
    Shape("PizzeriaProxy", shop.PizzeriaProxyA, shop.PizzeriaProxyB, 40, lambda n: n, rows_of=PIZZERIA),
    Shape("BookCafe", shop.BookCafeA, shop.BookCafeB, 30, lambda n: n, lambda n: {"cafe_id": 1000 - n}),
]


def postgres_shapes() -> list[Shape]:
    """The shapes of PostgreSQL's own types, where the database is PostgreSQL."""
    if connection.vendor != "postgresql":
        return []
    from pgshop import models as pgshop

    return [Shape("Postgres", pgshop.PostgresA, pgshop.PostgresB, 30, lambda n: n, lambda n: {"number": n})]


def fill(shape: Shape) -> None:
    """Gives both tables the rows that they begin with."""
    shape = shape.rows_of or shape
    for side in ("engine", "django"):
        model = shape.model(side)
        for table in reversed(shape.tables(side)):
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table._meta.db_table)}")
        written = [model(pk=shape.key(number), **shape.row(number)) for number in range(1, shape.rows + 1)]
        if len(shape.tables(side)) == 1:
            model._base_manager.bulk_create(written)
        else:
            for row in written:
                row.save(force_insert=True)
        if "modified" in {item.name for item in model._meta.fields}:
            stamp = connection.ops.adapt_datetimefield_value(BEGINNING.replace(tzinfo=zone()))
            with connection.cursor() as cursor:
                table_name = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"UPDATE {table_name} SET modified = %s, created = %s", [stamp, stamp])


def zone() -> dt.timezone | None:
    """The zone of a value that is stored."""
    from django.conf import settings

    return dt.timezone.utc if settings.USE_TZ else None


def labels() -> list[shop.Label]:
    """What foreign keys refer to."""
    if not shop.Label.objects.exists():
        shop.Label.objects.bulk_create(
            shop.Label(id=number, slug=f"label-{number}") for number in range(1, 6)
        )
    return list(shop.Label.objects.order_by("pk"))


def dump(shape: Shape, side: str) -> list[list[tuple[Any, ...]]]:
    """All that is stored, as the driver gives it: no field converts it."""
    found = []
    for table in shape.tables(side):
        columns = [item.column for item in table._meta.local_concrete_fields]
        quoted = [connection.ops.quote_name(column) for column in columns]
        if connection.vendor == "sqlite":
            quoted += [f"typeof({column})" for column in quoted]
        keys = ", ".join(connection.ops.quote_name(item.column) for item in table._meta.pk_fields)
        with connections["default"].cursor() as cursor:
            names = ", ".join(quoted).replace("%", "%%")
            sql = f"SELECT {names} FROM {connection.ops.quote_name(table._meta.db_table)} ORDER BY {keys}"
            cursor.execute(sql.replace("%%", "%"))
            found.append([tuple(comparable(value) for value in row) for row in cursor.fetchall()])
    return found


def comparable(value: Any) -> Any:
    """A value that is equal to itself, and unequal where its type or spelling is another."""
    if isinstance(value, (bytes, memoryview, bytearray)):
        return bytes(value)
    return repr(value)
