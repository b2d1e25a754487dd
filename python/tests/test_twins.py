"""Twin tables: random bulk updates, by the engine and by Django, leave the same rows, counts and errors.

ENMASSE_TEST_TWIN_ROUNDS   how many; default: 120
ENMASSE_TEST_TWIN_SEED     another sequence of cases; default: 1
ENMASSE_TEST_TWIN_ROUND    only this round
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from random import Random

from django.test import TransactionTestCase, tag
from share import table
from twins.case import Case, random_case
from twins.judge import Outcome, call, judge, shown_error, smallest
from twins.shapes import SHAPES, Shape, fill, labels, postgres_shapes

ROUNDS = int(os.environ.get("ENMASSE_TEST_TWIN_ROUNDS", "120"))
SEED = os.environ.get("ENMASSE_TEST_TWIN_SEED", "1")
ONLY = os.environ.get("ENMASSE_TEST_TWIN_ROUND")

# Of the valid calls that write rows of plain values, the least part that the engine takes itself.
LEAST_SHARE = 0.7


@tag("timezones", "twins")
class TwinTables(TransactionTestCase):
    """The engine's table and Django's."""

    def setUp(self) -> None:
        """Fills the tables."""
        self.shapes: list[Shape] = [*SHAPES, *postgres_shapes()]
        self.labels = labels()
        for shape in self.shapes:
            fill(shape)

    def rounds(self) -> list[int]:
        """The numbers of the rounds."""
        return [int(ONLY)] if ONLY else list(range(ROUNDS))

    def case(self, number: int) -> Case:
        """The case of a round."""
        return random_case(Random(f"{SEED}:{number}"), self.shapes, self.labels)

    def test_patch_mode_is_django(self) -> None:
        """In patch mode everything is as Django does it."""
        shares: Counter[tuple[str, str | None]] = Counter()
        faults: list[str] = []
        for number in self.rounds():
            case = self.case(number)
            difference, ours, theirs = judge(case)
            if difference is not None:
                small, smaller_difference = smallest(case)
                faults.append(f"round {number}: {smaller_difference}\n  {small}")
                for shape in self.shapes:
                    fill(shape)
            elif case.plain and theirs.error is None and theirs.count:
                shares[ours.engine, ours.reason] += 1
        told = [f"{len(faults)} of {len(self.rounds())} rounds differ (ENMASSE_TEST_TWIN_SEED={SEED})"]
        if faults:
            self.fail("\n".join([*told, *faults[:12]]))
        self.check_share(shares)

    def check_share(self, shares: Counter[tuple[str, str | None]]) -> None:
        """A test in which Django did everything proves nothing."""
        total = sum(shares.values())
        taken = sum(count for (engine, _), count in shares.items() if engine != "django")
        text = f"Valid calls of plain values. {table(shares)}"
        print(text, file=sys.stderr)
        if total >= 20:
            self.assertGreaterEqual(taken / total, LEAST_SHARE, text)

    def test_manager_keeps_its_promises(self) -> None:
        """A manager's call does what Django does, or writes nothing and says why."""
        faults: list[str] = []
        stricter: Counter[str] = Counter()
        valid = 0
        for number in self.rounds():
            case = self.case(number)
            before = call_nothing(case)
            theirs = call(case, "django")
            ours = call(case, "engine", manager=True)
            difference = self.differs(case, before, ours, theirs)
            if difference:
                faults.append(f"round {number}: {difference}\n  {case}")
            valid += theirs.error is None
            if theirs.error is None and ours.error is not None:
                stricter[type(ours.error).__name__] += 1
            if difference or (ours.error is None) != (theirs.error is None):
                fill(case.shape)
        if faults:
            self.fail("\n".join([f"{len(faults)} rounds differ", *faults[:12]]))
        # Only what a promise forbids is refused: duplicates, values that Django cuts or rounds.
        self.assertLess(sum(stricter.values()), max(3, valid * 0.25), stricter)

    def differs(self, case: Case, before: Outcome, ours: Outcome, theirs: Outcome) -> str | None:
        """How a manager's call breaks a promise."""
        if ours.error is not None:
            if without_times(case, ours) != without_times(case, before):
                return f"{shown_error(ours.error)}, but rows were written"
            if not str(ours.error):
                return f"{type(ours.error).__name__} without a message"
            if (
                theirs.error is None
                and case.plain
                and len({number for number, _ in case.rows}) == len(case.rows)
            ):
                return f"plain values are refused: {shown_error(ours.error)}"
            return None
        if theirs.error is not None:
            return f"expected {shown_error(theirs.error)}, got no error"
        if ours.count != theirs.count:
            return f"expected the count {theirs.count}, got {ours.count}"
        if without_times(case, ours) != without_times(case, theirs):
            return "the rows differ"
        return None


def call_nothing(case: Case) -> Outcome:
    """The engine's table as it is."""
    from twins.shapes import dump

    return Outcome(tables=dump(case.shape, "engine"))


def without_times(case: Case, outcome: Outcome) -> list[list[tuple[object, ...]]]:
    """The tables without the columns that auto_now sets."""
    tables = []
    for model, rows in zip(case.shape.tables("engine"), outcome.tables, strict=True):
        fields = model._meta.local_concrete_fields
        left_out = {index for index, item in enumerate(fields) if getattr(item, "auto_now", False)}
        tables.append(
            [tuple(cell for index, cell in enumerate(row) if index not in left_out) for row in rows]
        )
    return tables
