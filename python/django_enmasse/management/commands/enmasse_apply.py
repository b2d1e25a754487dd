"""`manage.py enmasse_apply FILE app.Model`: brings a table up to date from a file."""

from __future__ import annotations

import csv
import io
import json
import sys
from contextlib import ExitStack
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, router, transaction

from django_enmasse.apply.changes import Changes
from django_enmasse.apply.mapping import Mapping
from django_enmasse.apply.reader import BadFile, Reader, Row, kind_of
from django_enmasse.apply.run import Apply, model_named

MISSING = 3
"""The exit code where rows were missing, under --fail-on-missing."""


class Command(BaseCommand):
    """Applies a file of rows to a table."""

    help = (
        "Updates rows of a model from a CSV or JSON Lines file. All rows are written, or none. "
        "Rows that have the values already are left alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What may be said on the line."""
        add = parser.add_argument
        add("file", help="CSV with a header, TSV or JSON Lines; - reads standard input.")
        add("model", help="The model, as app.Model.")
        add("--database", help="The alias of the database. Default: what the routers say.")
        unique = "The unique fields by which rows are found, separated by commas. Default: the primary key."
        add("--key", help=unique)
        add("--dry-run", action="store_true", help="Show what would change, by column, and roll back.")
        add("--missing", metavar="FILE", help="Write the rows that are not in the table to this file.")
        add(
            "--fail-on-missing",
            action="store_true",
            help=f"Exit with code {MISSING} if a row is not in the table.",
        )
        add("--strict", action="store_true", help="Write nothing if a row is not in the table.")
        add("--clean", action="store_true", help="Run the validators of the fields, and check their choices.")
        add("--diff", metavar="FILE", help="Write each change to this CSV file.")
        add(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="A column that is named otherwise.",
        )
        add("--ignore", action="append", default=[], metavar="COLUMN", help="Leave a column of the file out.")
        add(
            "--null", action="append", metavar="TEXT", help="Cells of CSV that are NULL. Default: empty ones."
        )
        add("--format", choices=["csv", "tsv", "jsonl"], help="The format. Default: by the file's name.")
        add("--delimiter", help="The character between the cells of CSV.")
        add("--encoding", default="utf-8-sig", help="The encoding of the file. Default: UTF-8.")
        add("--max-errors", type=int, default=1, metavar="N", help="Report at most N bad rows.")
        add("--no-signals", action="store_true", help="Send no bulk signals.")
        add("--json", action="store_true", help="Print one JSON object at the end.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Applies the file."""
        try:
            changes = self._apply(options)
        except BadFile as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        if options["json"]:
            self.stdout.write(json.dumps({**changes.report(), "dry_run": options["dry_run"]}))
        elif options["verbosity"] > 0:
            self._tell(changes, options["dry_run"])
        if changes.missing and options["fail_on_missing"]:
            raise CommandError(f"{changes.missing:,} rows are not in the table.", returncode=MISSING)

    def _apply(self, options: dict[str, Any]) -> Changes:
        name = options["file"]
        try:
            model = model_named(options["model"])
        except (LookupError, ValueError) as error:
            raise CommandError(f"No model is called {options['model']!r}: {error}") from error
        using = options["database"] or router.db_for_write(model)
        mapping = Mapping(
            model,
            using,
            name,
            key=[part.strip() for part in options["key"].split(",")] if options["key"] else (),
            renamed=self._renamed(options["map"]),
            ignored=options["ignore"],
            nulls=options["null"],
            clean=options["clean"],
        )
        with ExitStack() as files:
            file, kind = self._open(name, options, files)
            reader = Reader(file, name, kind, options["delimiter"])
            for column in reader.columns or ():
                mapping.field(column)
            if reader.columns is not None:
                given = [mapping.field(column) for column in reader.columns]
                for field in mapping.key:
                    if field not in given:
                        raise BadFile(f"No column is the key {field.name!r}.", name, 1)
            # Written in memory, and put on the disk when all is done: an error leaves no half of a file.
            diff = io.StringIO(newline="") if options["diff"] else None
            missing = Missing(reader, kind) if options["missing"] else None
            changes = Changes(diff)
            with transaction.atomic(using=using):
                run = Apply(
                    mapping,
                    using,
                    changes,
                    missing=missing.add if missing else lambda row: None,
                    signals=not (options["no_signals"] or options["dry_run"]),
                    max_errors=options["max_errors"],
                    progress=self._progress,
                )
                try:
                    run.run(reader)
                except DatabaseError as error:
                    raise CommandError(
                        f"The database refused the rows, nothing was written: {error}"
                    ) from error
                finally:
                    self._end_progress()
                if run.errors:
                    told = "\n".join(str(error) for error in run.errors)
                    raise CommandError(f"{told}\nNothing was written.")
                if options["strict"] and changes.missing:
                    raise CommandError(f"{changes.missing:,} rows are not in the table. Nothing was written.")
                if options["dry_run"]:
                    transaction.set_rollback(True, using=using)
            for path, text in ((options["diff"], diff), (options["missing"], missing and missing.text)):
                if path and text:
                    with open(path, "w", encoding="utf-8", newline="") as out:
                        out.write(text.getvalue())
        return changes

    def _open(self, name: str, options: dict[str, Any], files: ExitStack) -> tuple[Any, str]:
        if name == "-":
            if not options["format"]:
                raise CommandError("Standard input has no name that says its format: --format is needed.")
            return self.input(), options["format"]
        kind = kind_of(name, options["format"])
        try:
            return files.enter_context(open(name, encoding=options["encoding"], newline="")), kind
        except LookupError as error:
            raise CommandError(str(error)) from error

    def input(self) -> Any:
        """Standard input."""
        return sys.stdin

    @staticmethod
    def _renamed(given: list[str]) -> dict[str, str]:
        renamed = {}
        for each in given:
            column, equals, field = each.rpartition("=")
            if not equals:
                raise CommandError(f"--map {each!r} is not COLUMN=FIELD.")
            renamed[column] = field
        return renamed

    def _progress(self, rows: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{rows:,} rows", str, ending="")
            self.stderr.flush()

    def _end_progress(self) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r" + " " * 40 + "\r", str, ending="")

    def _tell(self, changes: Changes, dry_run: bool) -> None:
        counts = (
            f"{changes.matched:,} matched, {changes.changed:,} changed, {changes.missing:,} not in the table"
        )
        self.stdout.write(f"Dry run, nothing was written: {counts}" if dry_run else counts)
        if not dry_run:
            return
        width = max((len(name) for name in changes.columns), default=0)
        for name, count in changes.columns.items():
            examples = "   ".join(changes.examples[name])
            self.stdout.write(f"  {name:{width}}  {count:>8,}   {examples}")


class Missing:
    """The rows that are not in the table, as they stand in the file."""

    def __init__(self, reader: Reader, kind: str) -> None:
        self.text = io.StringIO(newline="")
        self._csv = None
        if kind != "jsonl":
            self._csv = csv.writer(self.text, delimiter="\t" if kind == "tsv" else ",")
            self._csv.writerow(reader.columns or ())

    def add(self, row: Row) -> None:
        """One more."""
        if self._csv is not None:
            self._csv.writerow(row.cells.values())
        else:
            self.text.write(row.text + "\n")
