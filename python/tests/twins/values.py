"""Random values for a field: what it stores, what Django converts, what nobody can store, and expressions."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable
from decimal import Decimal, localcontext
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Lower
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

Choice = Callable[[Random], Any]

# Characters of several planes; what joins and turns around; what SQL, COPY or LOAD DATA take for signs.
TEXTS = [
    "",
    "plain",
    "a é ☃ 語 😀 𠀀 \U0010ffff",
    "e\u0301 \u202e\u05de\u05d9\u202c \ufeff\u00a0",
    "'\"`\\ %_ $1 ? :x {} %s -- /* \\N \\. ;",
    "tab\tnew\nline\r\x01\x1a\x7f",
    "NULL",
    "\\N",
    "null",
    "0",
    "x" * 40,
    " spaced ",
]
NEW_YORK = ZoneInfo("America/New_York")
# Django reads and writes a naive datetime in the zone of the settings: this one comes twice a year.
TWICE = dt.datetime(2024, 11, 3, 1, 30, tzinfo=NEW_YORK)
DAYS = [dt.date.min, dt.date.max, dt.date(2024, 2, 29), dt.date(1969, 12, 31), dt.date(1900, 1, 1)]
CLOCKS = [dt.time.min, dt.time.max, dt.time(12, 30), dt.time(1, 2, 3, 4)]
NAIVE = [
    dt.datetime(2024, 2, 29, 12, 30),
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
    dt.datetime(2024, 11, 3, 1, 30, fold=1),
    dt.datetime(2024, 3, 10, 2, 30),
    dt.datetime(1, 1, 2, 3, 4, 5, 6),
    dt.datetime(9999, 12, 30, 23, 59, 59, 999999),
]
AWARE = [
    *(moment.replace(tzinfo=dt.timezone.utc) for moment in NAIVE),
    TWICE,
    TWICE.replace(fold=1),
    dt.datetime(2024, 10, 27, 3, 30, tzinfo=dt.timezone(dt.timedelta(hours=2, seconds=7))),
]
DOCUMENTS = [
    {},
    [],
    {"b": 1, "a": [1, 2.5, None, {"": False}]},
    "text é \U0001f600",
    "null",
    0,
    1.5,
    5e-324,
    True,
    10**30,
    -(2**63),
    {"\u2028\\\"'%s": "\x01\n\t"},
    {1: "a", None: "b", 2.5: "c"},
    [[[[]]], {"deep": {"deeper": ["é"] * 3}}],
]


def one_of(*values: Any) -> Choice:
    """A choice of these."""
    return lambda random: random.choice(values)


def integers(field: models.Field) -> Choice:
    """Whole numbers in the column's range."""
    low, high = connection.ops.integer_field_range(field.get_internal_type())
    low, high = max(-(2**63) if low is None else low, -(2**63)), min(high or 2**63 - 1, 2**63 - 1)
    small = [number for number in (0, 1, -1, 7) if low <= number <= high]
    return lambda random: random.choice([low, high, random.choice(small), random.randint(low, high)])


def decimals(field: models.DecimalField) -> Choice:
    """Decimals that fit, at the limit too."""
    # SQLite keeps a decimal as a float.
    digits = min(field.max_digits, 15) if connection.vendor == "sqlite" else field.max_digits
    with localcontext(prec=100):
        nines = Decimal("9" * digits).scaleb(-field.decimal_places)
    fixed = [Decimal("0"), Decimal("-0.00"), Decimal("1.10"), Decimal("1E+5"), Decimal("-0.01")]
    fixed += [nines, nines.copy_negate()]
    return lambda random: random.choice([*fixed, Decimal(random.randint(-(10**9), 10**9)).scaleb(-2)])


def moments() -> tuple[list[Any], list[Any]]:
    """Datetimes that the settings expect, and those that they do not."""
    return (AWARE, NAIVE) if settings.USE_TZ else (NAIVE, AWARE)


PLAIN: dict[str, Choice] = {
    "BooleanField": one_of(True, False),
    "FloatField": lambda random: random.choice(
        [0.0, 0.1 + 0.2, -1.5, 1e300, 2.0**53, random.uniform(-1e6, 1e6)]
    ),
    "TextField": lambda random: random.choice(TEXTS) * random.choice([1, 1, 1, 500]),
    "DateField": lambda random: random.choice([*DAYS, dt.date.fromordinal(random.randint(1, 3_000_000))]),
    "TimeField": one_of(*CLOCKS),
    "DateTimeField": lambda random: random.choice(moments()[0]),
    "DurationField": one_of(
        dt.timedelta(0),
        dt.timedelta(microseconds=-1),
        dt.timedelta(days=400, hours=7),
        dt.timedelta(days=-90_000),
    ),
    "UUIDField": lambda random: random.choice(
        [uuid.UUID(int=0), uuid.UUID(int=random.getrandbits(128), version=4)]
    ),
    "JSONField": one_of(*DOCUMENTS),
    "BinaryField": one_of(
        b"", b"\x00'\"\\\xff\n%s", bytes(range(256)), bytearray(b"array"), memoryview(b"view")
    ),
    "GenericIPAddressField": one_of("10.0.0.1", "::1", "2001:db8::ff00:42:8329", "::ffff:10.1.2.3"),
    "FileField": one_of("a/b.txt", "é.pdf", ""),
    "FilePathField": one_of("/tmp/x", ""),
    "SlugField": one_of("a-slug_1", ""),
    "URLField": one_of("https://example.com/?q=%C3%A9&r=1#a", ""),
    "EmailField": one_of("o'neil+tag@example.com", ""),
}

ODD: dict[str, Choice] = {
    "BooleanField": one_of(1, 0, "True", "f", "1"),
    "IntegerField": one_of("5", " 6 ", 5.7, -0.5, Decimal("5.5"), True, 2.0),
    "FloatField": one_of(1, "2.5", Decimal("1.5"), True, math.nan, math.inf, 5e-324),
    "DecimalField": one_of(5, "5.5", 1.5, 0.1, Decimal("1.005"), Decimal("1.015"), Decimal("-2.675"), True),
    "CharField": one_of(
        5, True, None, mark_safe("<b>"), gettext_lazy("Yes"), 1.5, b"bytes", "x" * 41, dt.date.max
    ),
    "DateField": one_of("2024-02-29", dt.datetime(2024, 2, 29, 23, 30), AWARE[0], TWICE),
    "TimeField": one_of("12:30", "1:02:03.000004", dt.datetime(2024, 2, 29, 23, 30), dt.time(1, fold=1)),
    "DateTimeField": lambda random: random.choice(
        [*moments()[1], dt.date(2024, 2, 29), "2024-02-29 12:30", "2024-02-29T12:30:00.5+02:00"]
    ),
    "DurationField": one_of("1 02:03:04", "P3DT5S", dt.timedelta.max, dt.timedelta.min, 5),
    "UUIDField": one_of("12345678-9abc-4ef0-8fed-cba987654321", "123456789abc4ef08fedcba987654321", 7),
    "JSONField": lambda random: random.choice(
        [Value(None, models.JSONField()), Value("x", models.JSONField()), (1, 2), math.nan, {"n": math.inf}]
    ),
    "BinaryField": one_of("dGV4dA==", bytearray(), b"x" * 70_000),
    "GenericIPAddressField": one_of(" 10.0.0.1 ", "2001:DB8:0:0::1", "0:0:0:0:0:ffff:a01:203"),
}

BAD: dict[str, Choice] = {
    "BooleanField": one_of("maybe", 2),
    "IntegerField": one_of("abc", 2**70, -(2**70), [], "", math.nan, 2**31, -(2**31) - 1, 2**63),
    "FloatField": one_of("abc", "", []),
    "DecimalField": one_of("abc", Decimal("1e30"), Decimal("NaN"), Decimal("Infinity"), math.nan, []),
    "CharField": one_of("x" * 300, "nul\x00", "\ud800"),
    "TextField": one_of("nul\x00", "\ud800"),
    "DateField": one_of("2024-13-01", "x", 5),
    "TimeField": one_of("25:00", 5, dt.time(1, tzinfo=dt.timezone.utc)),
    "DateTimeField": one_of(
        "x",
        5,
        dt.datetime.max.replace(tzinfo=NEW_YORK),
        dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(1) / 2)),
    ),
    "DurationField": one_of("x"),
    "UUIDField": one_of("x", -1, 2**128),
    "JSONField": one_of(object(), {1, 2}, {"a": dt.date.max}, {(1, 2): 3}, "\x00", "\ud800"),
    "BinaryField": one_of(5),
    "GenericIPAddressField": one_of("x", "300.1.1.1", 5),
}


def family(field: models.Field) -> str:
    """The name under which the tables above have a field's values."""
    source = field
    while isinstance(source, models.ForeignKey):
        source = source.target_field
    name = type(source).__name__
    if name in PLAIN or name in ODD:
        return name
    for known in (
        models.CharField,
        models.TextField,
        models.IntegerField,
        models.DateTimeField,
        models.DecimalField,
    ):
        if isinstance(source, known):
            return known.__name__
    return name


def is_postgres(field: models.Field) -> bool:
    """Whether the field's type is PostgreSQL's own."""
    return type(field).__module__.startswith("django.contrib.postgres")


def postgres_values() -> Any:
    """The values of PostgreSQL's own types: without a driver of PostgreSQL they cannot be had."""
    from twins import postgres_values

    return postgres_values


def plain(field: models.Field, random: Random) -> Any:
    """A value of exactly the field's Python type."""
    from shop.fields import CentsField

    if isinstance(field, CentsField):
        return random.choice([0.0, 1.25, -7.5, 100])
    if isinstance(field, models.DecimalField):
        return decimals(field)(random)
    if is_postgres(field):
        return postgres_values().PLAIN[field.name](random)
    name = family(field)
    if isinstance(field, models.IntegerField):
        return integers(field)(random)
    if field.choices:
        return random.choice([value for value, _ in field.choices])
    if isinstance(field, models.GenericIPAddressField) and field.protocol == "IPv4":
        return "10.0.0.1"
    if name == "CharField":
        text = random.choice(TEXTS)
        return text[: field.max_length]
    return PLAIN[name](random)


def strange(table: dict[str, Choice], field: models.Field, random: Random) -> Any:
    """A value of a table for what is not plain; a plain one, where the table has none."""
    if is_postgres(field):
        table = postgres_values().ODD if table is ODD else postgres_values().BAD
    choice = table.get(field.name if is_postgres(field) else family(field))
    return choice(random) if choice else plain(field, random)


def expression(field: models.Field, random: Random) -> Any:
    """An expression of the field's type, or one that Django refuses."""
    if isinstance(field, models.ForeignKey):
        return F(field.attname)
    choices: list[Any] = [
        F(field.name),
        Coalesce(F(field.name), F(field.name)),
        F("absent"),
        F("absent__absent"),
    ]
    name = family(field)
    if name == "IntegerField":
        choices += [F(field.name) + 0, Value(5), Value(5, models.IntegerField()), Value(None)] * 2
    elif name in ("CharField", "TextField"):
        choices += [Lower(field.name), Value("text"), Value("text", models.CharField())] * 2
    return random.choice(choices)
