"""Measures the package's `bulk_update` beside Django's own and django-fast-update's, on Django's connections:

    scripts/bench --django [--database NAME,…] [--rows NUMBER,…] [--repeat TIMES]

Each way writes six columns of the same rows in turn, with other values each time, in a transaction that is
committed. Of each way it prints the median of the client's CPU time and of the wall time, in microseconds a
row, and both as multiples of the package's. On SQLite the client's CPU time includes the database.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python" / "tests"))

from databases import NAMES, available, database, use_driver

ROWS = [10, 100, 1_000, 10_000, 100_000]
FIELDS = ["name", "points", "price", "seen", "active", "note"]
BEGINNING = datetime(2020, 1, 1, tzinfo=timezone.utc)
# Django's statement grows with the square of its rows: this is its best size.
BATCH = 1_000
# A way that takes longer than this, in seconds, is measured once.
LONG = 5.0


def configure(name: str, folder: str) -> Any:
    """Configures Django for a database, and gives the model."""
    import django
    from django.conf import settings

    use_driver(name)
    entry = database(name, os.path.join(folder, "bench.sqlite3"))
    settings.configure(DATABASES={"default": entry}, INSTALLED_APPS=["django_enmasse"], USE_TZ=True)
    django.setup()

    from django.db import models
    from fast_update.query import FastUpdateManager

    class Item(models.Model):
        """A row of six columns."""

        id = models.BigIntegerField(primary_key=True)
        name = models.CharField(max_length=100)
        points = models.IntegerField()
        price = models.DecimalField(max_digits=12, decimal_places=2)
        seen = models.DateTimeField()
        active = models.BooleanField()
        note = models.TextField()

        objects = FastUpdateManager()

        class Meta:
            app_label = "bench"
            db_table = "enmasse_django_bench"

    return Item


def items(model: Any, rows: int, version: int) -> list[Any]:
    """The rows, in no order, with the values of a version."""
    keys = list(range(1, rows + 1))
    random.Random(1).shuffle(keys)
    return [
        model(
            id=key,
            name=f"name {key} v{version}",
            points=(key * 7_919 + version) % 900_000,
            price=Decimal(100 + (key * 104_729 + version) % 9_000_000).scaleb(-2),
            seen=BEGINNING + timedelta(seconds=key * 61 + version, microseconds=key % 999_999),
            active=(key + version) % 2 == 0,
            note=f"note {key} v{version}: the quick brown fox jumps over the lazy dog",
        )
        for key in keys
    ]


def ways(model: Any) -> dict[str, Callable[[list[Any]], Any]]:
    """What is measured: the package's way first."""
    from django.db import connection, transaction
    from django_enmasse import BulkQuerySet

    def fast_update(objects: list[Any]) -> Any:
        with transaction.atomic():
            return model.objects.fast_update(objects, FIELDS, batch_size=10_000)

    found: dict[str, Callable[[list[Any]], Any]] = {
        "enmasse": lambda objects: BulkQuerySet(model=model).bulk_update(objects, FIELDS),
        "fast_update": fast_update,
        "django": lambda objects: model.objects.bulk_update(objects, FIELDS, batch_size=BATCH),
    }
    if connection.vendor == "postgresql":
        found["copy_update"] = lambda objects: model.objects.copy_update(objects, FIELDS)
    return found


def measure(model: Any, rows: int, repeat: int | None) -> dict[str, tuple[float, float]]:
    """The medians of each way, CPU and wall, in microseconds a row."""
    left = ways(model)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in left}
    version = 0
    wanted = repeat or {10: 60, 100: 40, 1_000: 15, 10_000: 7}.get(rows, 3)
    for turn in range(wanted + 1):
        for name, way in list(left.items()):
            version += 1
            objects = items(model, rows, version)
            wall, cpu = time.perf_counter(), time.process_time()
            way(objects)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            # Rows that were not written would be fast.
            assert model.objects.get(pk=rows).note.startswith(f"note {rows} v{version}:"), name
            # The first turn warms up; a long way has no other.
            if turn or wall > LONG:
                times[name].append((cpu * 1e6 / rows, wall * 1e6 / rows))
            if wall > LONG:
                del left[name]
    return {
        name: (statistics.median(cpu for cpu, _ in taken), statistics.median(wall for _, wall in taken))
        for name, taken in times.items()
    }


def bench(name: str, sizes: list[int], repeat: int | None) -> None:
    """Measures on one database, and prints a table."""
    with tempfile.TemporaryDirectory() as folder:
        model = configure(name, folder)
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS enmasse_django_bench")
        with connection.schema_editor() as editor:
            editor.create_model(model)
        try:
            print(f"\n{connection.display_name}, {NAMES[name][1]}: µs a row (x the package's)\n")
            print("|    rows | way         |         CPU |        wall |   x CPU |  x wall |")
            print("| ------: | :---------- | ----------: | ----------: | ------: | ------: |")
            filled = 0
            for rows in sizes:
                written = sorted(items(model, rows, 0), key=lambda item: item.id)[filled:]
                model.objects.bulk_create(written, batch_size=5_000)
                filled = max(filled, rows)
                if connection.vendor == "postgresql":
                    with connection.cursor() as cursor:
                        cursor.execute("VACUUM ANALYZE enmasse_django_bench")
                figures = measure(model, rows, repeat)
                ours = figures["enmasse"]
                for way, (cpu, wall) in figures.items():
                    print(
                        f"| {rows:7,} | {way:11} | {cpu:11.2f} | {wall:11.2f} "
                        f"| {cpu / ours[0]:7.1f} | {wall / ours[1]:7.1f} |",
                        flush=True,
                    )
        finally:
            with connection.schema_editor() as editor:
                editor.delete_model(model)


def main() -> int:
    """Reads the arguments; each database has a process of its own, since Django is configured once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", default="", help="names, separated by commas")
    parser.add_argument("--rows", default="", help="numbers of rows, separated by commas")
    parser.add_argument("--repeat", type=int, help="how often each way is measured")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = sorted(int(number) for number in options.rows.split(",") if number) or ROWS
    if options.one:
        bench(options.one, sizes, options.repeat)
        return 0
    names = [name for name in options.database.split(",") if name]
    for name in names or [name for name in ("sqlite", "postgres", "mariadb", "mysql") if name in available()]:
        done = subprocess.run([sys.executable, __file__, "--one", name, *sys.argv[1:]])
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
