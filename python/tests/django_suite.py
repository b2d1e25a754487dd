"""Runs modules of Django's own tests in patch mode: scripts/test-django calls it.

    django_suite.py --source FOLDER [--database NAME]... [--all] [--baseline] [MODULE]...

A test that fails in patch mode is run again without it; the exit code is 1 if a test fails in patch mode
only. Of each database the engine's share is printed: the valid calls of `bulk_update` that it took, and
those that went to Django, with the reasons.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from databases import NAMES, available
from share import table

HERE = Path(__file__).resolve().parent

# Those of bulk writes.
SIX = [
    "queries.test_bulk_update",
    "update",
    "composite_pk",
    "model_inheritance",
    "signals",
    "custom_managers",
]

# And all else that writes, or whose types and expressions a write carries.
ALL = [
    *("queries" if name == "queries.test_bulk_update" else name for name in SIX),
    "async",
    "backends",
    "basic",
    "bulk_create",
    "constraints",
    "custom_columns",
    "custom_pk",
    "db_functions",
    "expressions",
    "expressions_case",
    "generic_relations",
    "model_fields",
    "model_inheritance_regress",
    "multiple_database",
    "postgres_tests",
    "prefetch_related",
    "timezones",
    "transactions",
]


@dataclass
class Result:
    """What a run of Django's tests said."""

    ran: int = 0
    skipped: int = 0
    # The labels of the tests that failed.
    failed: set[str] = field(default_factory=set)
    calls: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    seconds: float = 0.0
    text: str = ""


def run(source: Path, database: str, labels: list[str], patch: bool) -> Result:
    """Runs Django's tests of these labels."""
    with tempfile.TemporaryDirectory() as directory:
        share = Path(directory) / "share.json"
        environment = {
            **os.environ,
            "PYTHONPATH": f"{HERE}{os.pathsep}{source}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ENMASSE_TEST_DATABASE": database,
            "ENMASSE_TEST_PATCH": "1" if patch else "0",
            "ENMASSE_TEST_SHARE": str(share),
        }
        command = [
            sys.executable,
            "runtests.py",
            "--settings=django_suite_settings",
            "--parallel=1",
            "--noinput",
        ]
        begun = time.monotonic()
        done = subprocess.run(
            [*command, *labels],
            cwd=source / "tests",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        result = read(done.stdout)
        result.seconds = time.monotonic() - begun
        if share.exists():
            for engine, reason, count in json.loads(share.read_text()):
                result.calls[engine, reason] += count
    if not result.ran or (done.returncode and not result.failed):
        print(done.stdout[-6000:])
        raise SystemExit(f"Django's tests did not run on {database}")
    return result


def read(text: str) -> Result:
    """The numbers and the failures in unittest's output."""
    result = Result(text=text)
    if found := re.search(r"^Ran (\d+) tests? in", text, re.MULTILINE):
        result.ran = int(found[1])
    if found := re.search(r"skipped=(\d+)", text):
        result.skipped = int(found[1])
    for line in re.finditer(r"^(?:ERROR|FAIL|UNEXPECTED SUCCESS): (\S+) \(([^)\s]+)", text, re.MULTILINE):
        # The path of a test, or of a class whose setUpClass failed.
        result.failed.add(line[2])
    return result


def judge(source: Path, database: str, labels: list[str], baseline: bool) -> bool:
    """Runs the labels in patch mode, and says whether all pass that pass without it."""
    patched = run(source, database, labels, patch=True)
    print(
        f"{database}: {patched.ran} tests in patch mode, {len(patched.failed)} failed, "
        f"{patched.skipped} skipped, {patched.seconds:.0f} s"
    )
    worse = set(patched.failed)
    same_number = True
    if baseline or patched.failed:
        plain = run(source, database, labels if baseline else sorted(patched.failed), patch=False)
        worse -= plain.failed
        print(f"{database}: {plain.ran} tests without it, {len(plain.failed)} failed, {plain.seconds:.0f} s")
        same_number = not baseline or (plain.ran, plain.skipped) == (patched.ran, patched.skipped)
    print(table(patched.calls))
    for label in sorted(worse):
        print(f"FAILED in patch mode only: {label}")
    if worse:
        print(patched.text[-8000:])
    if not same_number:
        print("FAILED: not the same tests ran")
    return not worse and same_number


def main() -> int:
    """Reads the arguments and runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", required=True, type=Path, help="Django's unpacked source distribution")
    parser.add_argument("--database", action="append", choices=NAMES, help="default: sqlite and postgres")
    parser.add_argument(
        "--all", action="store_true", help=f"run {len(ALL)} modules, not only those of bulk writes"
    )
    parser.add_argument("--baseline", action="store_true", help="run everything without the patch too")
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    options = parser.parse_args()
    databases = options.database or [name for name in ("sqlite", "postgres") if name in available()]
    good = True
    for database in databases:
        labels = options.modules or (ALL if options.all else SIX)
        if not database.startswith("postgres"):
            labels = [label for label in labels if not label.startswith("postgres_tests")]
        good = judge(options.source.resolve(), database, labels, options.baseline) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
