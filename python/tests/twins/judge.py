"""Does a case on both tables and compares what came of it."""

from __future__ import annotations

import re
import warnings
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, models, transaction
from share import Share
from shop.models import django_bulk_update

from twins.case import QUERYSETS, Case, cut
from twins.shapes import dump, fill


@dataclass
class Outcome:
    """What came of a call."""

    count: int | None = None
    error: BaseException | None = None
    warned: set[str] = field(default_factory=set)
    objects: list[str] = field(default_factory=list)
    tables: list[list[tuple[Any, ...]]] = field(default_factory=list)
    engine: str = "django"
    reason: str | None = "no call was logged"


def objects(case: Case, model: type[models.Model]) -> Any:
    """The objects of a case, with its values."""
    keys = [None if number is None else case.shape.key(number) for number, _ in case.rows]
    found: dict[Any, models.Model] = {}
    if case.loaded != "made":
        rows = model._base_manager.only("pk") if case.loaded == "deferred" else model._base_manager.all()
        wanted = set(keys)
        found = {row.pk: row for row in rows if row.pk in wanted}
    made = []
    seen = set()
    for key, (_, given) in zip(keys, case.rows, strict=True):
        item = found.get(key) if key not in seen else None
        seen.add(key)
        if item is None:
            item = model(pk=key)
            for link in model._meta.get_parent_list():
                if key is not None and link._meta.pk.name not in ("cafe_id",):
                    setattr(item, link._meta.pk.attname, key)
        item.no_pre_save = True
        for name, value in given.items():
            # A relation takes objects only; its attname takes all else.
            attname = model._meta.get_field(name).attname
            setattr(item, name if isinstance(value, models.Model) else attname, value)
        made.append(item)
    if case.given == "tuple":
        return tuple(made)
    return made


def state(item: models.Model) -> str:
    """An object's attributes, without what differs from twin to twin."""
    # Django reads a generated field that is listed, which an object in hand does not have, only to skip it.
    left_out = ("_state", "modified", "created", "computed")
    attributes = {name: value for name, value in vars(item).items() if name not in left_out}
    return names_of_twins(cut(sorted((name, repr(value)) for name, value in attributes.items())))


def names_of_twins(text: str) -> str:
    """A text in which twins have one name."""
    text = re.sub(r"\b([a-z]+)[ab]_ptr", r"\1_ptr", text)
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    return re.sub(
        r"\b(Everything|TextKey|UuidKey|Composite|CentsKey|Place|Restaurant|Pizzeria|PizzeriaProxy|Book|Cafe|"
        r"BookCafe|Postgres)[AB]\b",
        r"\1",
        text,
    )


def call(case: Case, side: str, manager: bool = False) -> Outcome:
    """Makes the call on one side."""
    from django_enmasse import BulkQuerySet

    model = case.shape.model(side)
    outcome = Outcome()
    made = objects(case, model)
    given = made
    if case.given == "generator":
        given = (item for item in made)
    elif case.given == "queryset":
        given = QuerySetOf(made)
    rows: Any = BulkQuerySet(model=model) if manager and side == "engine" else models.QuerySet(model=model)
    with warnings.catch_warnings(record=True) as caught, Share() as share:
        warnings.simplefilter("always")
        try:
            with transaction.atomic() if case.atomic else nullcontext():
                rows = QUERYSETS[case.queryset](rows)
                if side == "engine":
                    result = rows.bulk_update(given, list(case.fields), batch_size=case.batch_size)
                else:
                    result = django_bulk_update(rows, given, list(case.fields), batch_size=case.batch_size)
            outcome.count = int(result)
            if side == "engine" and share.last is not None:
                outcome.engine, outcome.reason = share.last
        except Exception as error:
            outcome.error = error
    outcome.warned = {names_of_twins(str(warning.message)) for warning in caught}
    outcome.objects = [state(item) for item in made]
    outcome.tables = dump(case.shape, side)
    return outcome


class QuerySetOf:
    """An iterable that is no list and can be read once more."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __iter__(self) -> Any:
        return iter(self.items)


def shown_error(error: BaseException | None) -> str:
    """An error for a message."""
    return (
        "no error" if error is None else f"{type(error).__module__}.{type(error).__name__}: {cut(str(error))}"
    )


def same_error(ours: BaseException, theirs: BaseException) -> bool:
    """Whether code that catches Django's error catches ours; any error of the database is one kind."""
    if isinstance(theirs, DatabaseError):
        return isinstance(ours, DatabaseError)
    return isinstance(ours, type(theirs))


def compare(ours: Outcome, theirs: Outcome) -> str | None:
    """How two outcomes differ."""
    if (ours.error is None) != (theirs.error is None) or (
        ours.error and not same_error(ours.error, theirs.error)
    ):
        return f"expected {shown_error(theirs.error)}, got {shown_error(ours.error)}"
    if ours.count != theirs.count:
        return f"expected the count {theirs.count}, got {ours.count}"
    for ours_table, theirs_table in zip(ours.tables, theirs.tables, strict=True):
        for mine, other in zip(ours_table, theirs_table, strict=True):
            if mine != other:
                cells = [
                    f"expected {cut(b)}, got {cut(a)}" for a, b in zip(mine, other, strict=True) if a != b
                ]
                return f"the row {mine[0]!r} differs: {'; '.join(cells[:4])}"
    if ours.warned != theirs.warned:
        return f"expected the warnings {sorted(theirs.warned)}, got {sorted(ours.warned)}"
    if ours.error is None and ours.objects != theirs.objects:
        pair = next((a, b) for a, b in zip(ours.objects, theirs.objects, strict=True) if a != b)
        return f"the objects differ afterwards: expected {pair[1]}, got {pair[0]}"
    return None


def judge(case: Case) -> tuple[str | None, Outcome, Outcome]:
    """Does the case on both sides: how they differ, and both outcomes."""
    theirs = call(case, "django")
    ours = call(case, "engine")
    return compare(ours, theirs), ours, theirs


def smallest(case: Case, tries: int = 150) -> tuple[Case, str]:
    """A smaller case that differs still, from tables as they begin."""
    fill(case.shape)
    difference = judge(case)[0]
    if difference is None:
        return case, "(does not differ from tables as they begin: it needs the rounds before it)"
    shrunk = True
    while shrunk and tries > 0:
        shrunk = False
        for candidate in case.smaller():
            tries -= 1
            fill(case.shape)
            found = judge(candidate)[0]
            if found is not None:
                case, difference, shrunk = candidate, found, True
                break
    fill(case.shape)
    return case, difference
