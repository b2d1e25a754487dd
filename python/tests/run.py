"""Runs the package's tests on each database that has an address, one after another:

    run.py [--database NAME]... [--list] [DJANGO'S TEST ARGUMENTS]

Each database is one process with USE_TZ, and a short one without for what depends on it, unless only the
driver is another. The exit code is
1 if a test failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from databases import NAMES, available

HERE = Path(__file__).resolve().parent


def run(database: str, use_tz: bool, arguments: list[str]) -> tuple[bool, float]:
    """Runs the tests on one database: whether all passed, and the seconds."""
    environment = {
        **os.environ,
        "ENMASSE_TEST_DATABASE": database,
        "ENMASSE_TEST_USE_TZ": "1" if use_tz else "0",
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # The rounds of the twin tables take most of the time: fewer, where only the driver or zone is another.
    rounds = "100" if use_tz and "-" not in database else "40"
    environment.setdefault("ENMASSE_TEST_TWIN_ROUNDS", rounds)
    command = [sys.executable, "-m", "django", "test", "--noinput", *arguments]
    if not use_tz:
        command += ["--tag", "timezones"]
    print(f"--- {database}{'' if use_tz else ', USE_TZ = False'}", flush=True)
    begun = time.monotonic()
    done = subprocess.run(command, cwd=HERE, env=environment)
    return done.returncode == 0, time.monotonic() - begun


def run_example() -> bool:
    """Runs the tests of the project in examples/django, on SQLite."""
    print("--- examples/django", flush=True)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "manage.py", "test", "--noinput", "membership"]
    done = subprocess.run(command, cwd=HERE.parents[1] / "examples" / "django", env=environment)
    return done.returncode == 0


def main() -> int:
    """Reads the arguments and runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--database", action="append", choices=NAMES, help="only this; may be given several times"
    )
    parser.add_argument("--list", action="store_true", help="print the databases that have an address")
    options, arguments = parser.parse_known_args()
    if options.list:
        print("\n".join(available()))
        return 0
    failed = []
    for database in options.database or available():
        # What depends on USE_TZ does not depend on the driver.
        for use_tz in [True] if "-" in database and not options.database else [True, False]:
            passed, seconds = run(database, use_tz, arguments)
            print(f"--- {database}: {'ok' if passed else 'FAILED'}, {seconds:.1f} s", flush=True)
            if not passed:
                failed.append(f"{database}{'' if use_tz else ' without USE_TZ'}")
    if not options.database and not arguments and not run_example():
        failed.append("examples/django")
    if failed:
        print(f"FAILED on: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
