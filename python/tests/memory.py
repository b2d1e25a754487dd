"""Writes a generator of 1,000,000 rows and fails where the process grew by 150 MB or more; run by hand:

ENMASSE_TEST_DATABASE=postgres $(scripts/django-package-venv) python/tests/memory.py [ROWS]
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import get_runner  # noqa: E402
from shop.models import Account  # noqa: E402

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
LIMIT = 150 << 20


def accounts(first: int, last: int, balance: int) -> Iterator[Account]:
    """Accounts, made one by one."""
    for number in range(first, last):
        yield Account(pk=number, owner=f"owner {number}", balance=balance)


def held() -> int:
    """The most memory that the process had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def main() -> int:
    """Fills a table of a database of its own, writes it, and measures."""
    from django.conf import settings

    runner = get_runner(settings)(interactive=False, verbosity=0)
    before_databases = runner.setup_databases()
    try:
        for first in range(1, ROWS + 1, 5000):
            Account.objects.bulk_create(accounts(first, min(first + 5000, ROWS + 1), 0))
        # Grows whatever grows once.
        Account.objects.bulk_update(accounts(1, min(2000, ROWS), 1), ["balance"])
        before, begun = held(), time.perf_counter()
        report = Account.objects.bulk_update(accounts(1, ROWS + 1, 2), ["balance"])
        seconds, grown = time.perf_counter() - begun, held() - before
        changed = Account.objects.filter(balance=2).count()
        print(
            f"{connection.display_name}: {ROWS} rows by {report.engine} in {seconds:.1f} s; memory grew by "
            f"{grown / (1 << 20):.0f} MB from {before / (1 << 20):.0f} MB"
        )
        if (int(report), changed) != (ROWS, ROWS):
            print(f"FAILED: {int(report)} matched, {changed} written")
            return 1
        if before + grown >= LIMIT:
            print("FAILED: more than 150 MB")
            return 1
        return 0
    finally:
        runner.teardown_databases(before_databases)


if __name__ == "__main__":
    sys.exit(main())
