"""A file applied to a table: chunks of its rows are found under lock, compared, and written where they
differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connections, models

from django_enmasse.apply.changes import Changes, differs
from django_enmasse.apply.mapping import Mapping
from django_enmasse.apply.reader import BadFile, Reader, Row
from django_enmasse.keys import conditions, key_fields, rows_of
from django_enmasse.query_set import BulkQuerySet
from django_enmasse.update import auto_now_values

CHUNK = 5000


class Apply:
    """One run. It is inside of a transaction of the caller's."""

    def __init__(
        self,
        mapping: Mapping,
        using: str,
        changes: Changes,
        *,
        missing: Callable[[Row], None],
        signals: bool = True,
        max_errors: int = 1,
        progress: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self.mapping = mapping
        self.model = mapping.model
        self.using = using
        self.changes = changes
        self.errors: list[BadFile] = []
        self._missing = missing
        self._signals = signals
        self._max_errors = max_errors
        self._progress = progress
        self._lines: dict[Any, int] = {}

    def run(self, reader: Reader) -> None:
        """Writes all rows of the file. What is wrong with rows is in `errors` afterwards: then nothing may
        be committed.
        """
        rows = self._values(reader)
        done = 0
        while chunk := list(islice(rows, CHUNK)):
            if not self.errors:
                self._chunk(chunk)
            done += len(chunk)
            self._progress(done)

    def _values(self, reader: Reader) -> Iterator[tuple[Row, dict[Any, Any]]]:
        for row in reader:
            try:
                values = self.mapping.values(row, reader.is_text)
            except BadFile as error:
                self.errors.append(error)
                if len(self.errors) >= self._max_errors:
                    return
                continue
            yield row, values

    def _chunk(self, chunk: list[tuple[Row, dict[Any, Any]]]) -> None:
        key = self.mapping.key
        named = {field for _, values in chunk for field in values}
        self._check_relations(chunk, named)
        fields = [field for field in self.model._meta.concrete_fields if field in named and field not in key]
        by_key = self._find([tuple(values[field] for field in key) for _, values in chunk], named)
        changed: list[Any] = []
        for row, values in chunk:
            at = tuple(values[field] for field in key)
            obj = by_key.get(at)
            self._check_twice(("missing", *at) if obj is None else obj.pk, row)
            if obj is None:
                self.changes.missing += 1
                self._missing(row)
                continue
            differing = []
            for field in fields:
                if field in values:
                    old = getattr(obj, field.attname)
                    if differs(field, old, values[field]):
                        differing.append((field.name, old, values[field]))
                        setattr(obj, field.attname, values[field])
            name = ", ".join(f"{field.name}={value}" for field, value in zip(key, at, strict=True))
            self.changes.row(name, differing)
            if differing:
                changed.append(obj)
        if changed:
            self._write(changed, fields)

    def _write(self, objects: list[Any], fields: list[Any]) -> None:
        names = [field.name for field in fields]
        touched = auto_now_values(self.model, names)
        for obj in objects:
            for name, value in touched.items():
                setattr(obj, name, value)
        rows: Any = BulkQuerySet(self.model, using=self.using)
        if not self._signals:
            rows = rows.without_signals()
        try:
            written = rows.bulk_update(objects, [*names, *touched])
        except (ValueError, TypeError, OverflowError) as error:
            keys = getattr(error, "keys", None)
            line = self._lines.get(keys[0]) if keys else None
            raise BadFile(str(error), self.mapping.file, line) from error
        if written != len(objects):
            raise BadFile(
                f"{len(objects)} rows were to be written, and {written} were: a trigger?", self.mapping.file
            )

    def _find(self, keys: list[tuple[Any, ...]], named: Iterable[Any]) -> dict[tuple[Any, ...], Any]:
        """The objects of the keys that are in the table, under lock where the database has such."""
        match = self.mapping.key
        names = [field.attname for field in match]
        rows = rows_of(self.model, self.using).order_by("pk")
        features = connections[self.using].features
        if features.has_select_for_update:
            rows = rows.select_for_update(of=("self",) if features.has_select_for_update_of else ())
        wanted = {field.attname for field in (*key_fields(self.model), *match, *named)}
        rows = rows.only(*wanted)
        unique = list(dict.fromkeys(keys))
        found: dict[tuple[Any, ...], Any] = {}
        for condition in conditions(names, unique):
            for obj in rows.filter(condition):
                found[tuple(getattr(obj, name) for name in names)] = obj
        strangers = found.keys() - set(unique)
        if strangers:
            # The database takes texts for the same that are two to Python: it says which.
            for at in unique:
                if at not in found:
                    same = rows.filter(**dict(zip(names, at, strict=True))).first()
                    if same is not None:
                        found[at] = same
        return found

    def _check_twice(self, key: Any, row: Row) -> None:
        before = self._lines.setdefault(key, row.line)
        if before != row.line:
            names = ", ".join(field.name for field in self.mapping.key)
            raise BadFile(f"The {names} of line {before} stands there again.", self.mapping.file, row.line)

    def _check_relations(self, chunk: list[tuple[Row, dict[Any, Any]]], named: Iterable[Any]) -> None:
        """The rows that are referred to are there: the database would not say which line is wrong."""
        for field in named:
            if not field.is_relation or field in self.mapping.key or not field.db_constraint:
                continue
            target = field.target_field
            wanted = list(dict.fromkeys(v[field] for _, v in chunk if v.get(field) is not None))
            there: set[Any] = set()
            for condition in conditions([target.attname], ((value,) for value in wanted)):
                rows = rows_of(field.remote_field.model, self.using).filter(condition)
                there.update(rows.values_list(target.attname, flat=True))
            for row, values in chunk:
                value = values.get(field)
                if value is None or value in there:
                    continue
                if isinstance(value, str) and rows_of(field.remote_field.model, self.using).filter(
                    **{target.attname: value}
                ):
                    continue
                label = field.remote_field.model._meta.label
                raise BadFile(
                    f"{label} has no {target.name} {value!r}.", self.mapping.file, row.line, field.name
                )


def model_named(label: str) -> type[models.Model]:
    """The model of `app.Model`."""
    from django.apps import apps

    return apps.get_model(label)
