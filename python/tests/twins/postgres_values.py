"""Random values of PostgreSQL's own types, by the names of the fields of `pgshop.models`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange, NumericRange

Choice = Callable[[Random], Any]

NOON = dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone.utc)
WORDS = ["", "a b", "é'\"\\{},%s", "NULL", "null", None, "\\N\t\n"]


def some(choices: list[Any]) -> Choice:
    """A list of these."""
    return lambda random: [random.choice(choices) for _ in range(random.randrange(4))]


PLAIN: dict[str, Choice] = {
    "numbers": some([0, 1, -(2**31), 2**31 - 1]),
    "words": some(WORDS),
    "pairs": lambda random: [
        [Decimal("1.10"), Decimal(random.randrange(1000))] for _ in range(random.randrange(3))
    ],
    "range": lambda random: random.choice(
        [NumericRange(1, 5), NumericRange(None, 3), NumericRange(empty=True), NumericRange(1, 9, "(]")]
    ),
    "period": lambda random: random.choice(
        [DateTimeTZRange(NOON, NOON + dt.timedelta(1)), DateTimeTZRange(NOON, None)]
    ),
    "days": lambda random: DateRange(dt.date(2024, 1, 1), dt.date(2024, 1, random.randrange(2, 30))),
    "prices": lambda random: NumericRange(Decimal("1.10"), Decimal("2.20"), "[]"),
    "store": lambda random: {random.choice(["a", "é'\"=>%s", ""]): random.choice(WORDS) for _ in range(3)},
}

ODD: dict[str, Choice] = {
    "numbers": lambda random: random.choice([(1, 2), ["5"], [None], [1.5], "{1,2}"]),
    "words": lambda random: random.choice([("a",), [5], []]),
    "pairs": lambda random: random.choice([[["1.1"]], [[1.5, 2]], ()]),
    "range": lambda random: random.choice([(1, 5), [2, 3], (None, 4)]),
    "period": lambda random: (NOON, NOON + dt.timedelta(1)),
    "days": lambda random: random.choice([(dt.date.min, None), ("2024-01-01", "2024-02-01")]),
    "prices": lambda random: (1, 2),
    "store": lambda random: random.choice([{"a": 5}, {1: "b"}, {}]),
}

BAD: dict[str, Choice] = {
    "numbers": lambda random: random.choice([["abc"], [[1], [2, 3]], 5]),
    "words": lambda random: [["x" * 300]],
    "range": lambda random: random.choice([(5, 1), "x"]),
    "store": lambda random: 5,
}
