"""A random call of `bulk_update`, as data, so that it can be made smaller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q, Value
from shop.models import Label

from twins import values
from twins.shapes import Shape

QuerySet = models.QuerySet

# The queryset that the call is made on.
QUERYSETS: dict[str, Callable[[QuerySet], QuerySet]] = {
    "all": lambda rows: rows,
    "none": lambda rows: rows.none(),
    "some": lambda rows: rows.filter(pk__in=[row.pk for row in rows.order_by("pk")[::2]]),
    "first field is null": lambda rows: rows.filter(**{f"{first(rows)}__isnull": True}),
    "not null": lambda rows: rows.exclude(**{f"{first(rows)}__isnull": True}),
    "either": lambda rows: rows.filter(Q(pk__isnull=False) | Q(**{f"{first(rows)}__isnull": True})),
    "distinct": lambda rows: rows.distinct(),
    "ordered": lambda rows: rows.order_by("-pk"),
    "reversed": lambda rows: rows.order_by("pk").reverse(),
    "annotated": lambda rows: rows.annotate(extra=Value(1)).filter(extra=1),
    "values": lambda rows: rows.values("pk"),
    "values_list": lambda rows: rows.values_list("pk", flat=True),
    "only": lambda rows: rows.only("pk"),
    "using": lambda rows: rows.using("default"),
    "slice": lambda rows: rows[:5],
    "union": lambda rows: rows.union(rows),
    "locking": lambda rows: rows.select_for_update(),
    "joined": lambda rows: rows.filter(label__slug="label-1") if has(rows, "label") else rows,
    "select_related": lambda rows: rows.select_related("label") if has(rows, "label") else rows,
}
COMMON = ["all"] * 20 + ["some", "using", "ordered", "distinct", "annotated"] * 2

# Of each cell the odds of an odd value, a bad one and an expression.
STRANGENESS = [(0.0, 0.0, 0.0)] * 5 + [
    (0.02, 0, 0),
    (0.3, 0, 0),
    (0, 0.03, 0),
    (0, 0, 0.05),
    (0.1, 0.02, 0.3),
]


def first(rows: QuerySet) -> str:
    """A field that can be NULL or not."""
    names = ["integer", "number", "points", "stars", "seats", "name"]
    return next(name for name in names if has(rows, name))


def has(rows: QuerySet, name: str) -> bool:
    """Whether the model has a field."""
    try:
        rows.model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


@dataclass(frozen=True)
class Case:
    """One call: of each object the number of its row, which may not exist, and its values by field."""

    shape: Shape
    fields: tuple[str, ...]
    rows: tuple[tuple[int | None, dict[str, Any]], ...]
    queryset: str = "all"
    batch_size: int | None = None
    # Whether an outer transaction is open.
    atomic: bool = False
    # How the objects are handed over, and where they come from.
    given: str = "list"
    loaded: str = "made"
    # Whether a value or a field is not what the field is made for.
    plain: bool = True

    def smaller(self) -> list[Case]:
        """Cases with less in them, the greatest steps first."""
        found = []
        if self.queryset != "all":
            found.append(replace(self, queryset="all"))
        if self.batch_size is not None:
            found.append(replace(self, batch_size=None))
        if self.atomic:
            found.append(replace(self, atomic=False))
        if self.given != "list":
            found.append(replace(self, given="list"))
        if self.loaded != "made":
            found.append(replace(self, loaded="made"))
        half = len(self.rows) // 2
        if half:
            found += [replace(self, rows=self.rows[:half]), replace(self, rows=self.rows[half:])]
        if 2 < len(self.rows) <= 8:
            for left_out in range(len(self.rows)):
                found.append(replace(self, rows=self.rows[:left_out] + self.rows[left_out + 1 :]))
        half = len(self.fields) // 2
        if half:
            found += [replace(self, fields=self.fields[:half]), replace(self, fields=self.fields[half:])]
        return found

    def __str__(self) -> str:
        shown = [
            (number, {name: value for name, value in given.items() if name in self.fields or not self.fields})
            for number, given in self.rows
        ]
        settings = {
            name: getattr(self, name)
            for name, default in [
                ("queryset", "all"),
                ("batch_size", None),
                ("atomic", False),
                ("given", "list"),
                ("loaded", "made"),
            ]
            if getattr(self, name) != default
        }
        text = f"{self.shape.name} fields={list(self.fields)} {settings}"
        return "\n".join([text, *(f"    row {number}: {cut(given)}" for number, given in shown[:8])])


def cut(value: Any) -> str:
    """A value, shown shortly."""
    shown = repr(value)
    return shown if len(shown) < 300 else f"{shown[:300]}…"


def random_case(random: Random, shapes: list[Shape], labels: list[Label]) -> Case:
    """A case; most are plain."""
    shape = random.choices(shapes, [8 if shape.name == "Everything" else 1 for shape in shapes])[0]
    model = shape.django
    names = shape.names()
    chosen = random.sample(names, min(len(names), random.choice([1, 1, 2, 3, 6, 12, 100])))
    # How strange a case is: most are plain throughout, so that the engine has much to do.
    odd, bad, expressions = random.choice(STRANGENESS)
    size = random.choice([0, 1, 1, 2, 3, 5, 10, 10, 30, shape.rows])
    numbers: list[int | None] = [*random.sample(range(1, shape.rows + 1), min(size, shape.rows))]
    if numbers and random.random() < 0.15:
        numbers[random.randrange(len(numbers))] = shape.rows + 7
    if numbers and random.random() < 0.1:
        numbers.append(random.choice(numbers))
    if numbers and random.random() < 0.03:
        numbers[random.randrange(len(numbers))] = None

    def cell(name: str) -> Any:
        field = model._meta.get_field(name)
        dice = random.random()
        if dice < odd:
            return odd_cell(field)
        if dice < odd + bad:
            return None if random.random() < 0.2 else values.strange(values.BAD, field, random)
        if dice < odd + bad + expressions:
            return values.expression(field, random)
        if field.null and random.random() < 0.15:
            return None
        if isinstance(field, models.ForeignKey):
            return random.choice(labels)
        return values.plain(field, random)

    def odd_cell(field: models.Field) -> Any:
        if isinstance(field, models.ForeignKey):
            return random.choice([Label(), Label(id=99, slug="missing"), Label(id=3), None])
        return values.strange(values.ODD, field, random)

    rows = tuple((number, {name: cell(name) for name in chosen}) for number in numbers)
    fields = [model._meta.get_field(name).attname if random.random() < 0.05 else name for name in chosen]
    if random.random() < 0.05:
        fields.append(
            random.choice([*fields, "absent", "pk", model._meta.pk.name, "computed", "modified", ""])
        )
    if random.random() < 0.02:
        fields = []
    queryset = random.choice(COMMON) if random.random() < 0.7 else random.choice(list(QUERYSETS))
    batch_size = (
        random.choice([None] * 8 + [1, 2, 3, 7, 1000]) if random.random() < 0.97 else random.choice([0, -1])
    )
    return Case(
        shape,
        tuple(fields),
        rows,
        queryset,
        batch_size,
        random.random() < 0.5,
        random.choice(["list", "list", "tuple", "generator", "queryset"]),
        random.choice(["made", "made", "fetched", "deferred"]),
        not odd and not bad and not expressions,
    )
