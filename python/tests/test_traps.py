"""One test for each trap in which a faster `bulk_update` could differ from Django's. Patch mode is on."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import DataError, connection, connections, models, transaction
from django.db.models import F, Value
from django.test import TestCase, TransactionTestCase, tag
from django.test.utils import CaptureQueriesContext
from share import Share
from shop.models import (
    Account,
    CompositeA,
    Elsewhere,
    EverythingA,
    Label,
    PizzeriaA,
    TextKeyA,
    django_bulk_update,
)

from django_enmasse import BulkQuerySet


def rows(count: int, **values: Any) -> list[EverythingA]:
    """New rows, as they are in the table."""
    return EverythingA.objects.bulk_create(EverythingA(id=number, **values) for number in range(1, count + 1))


def stored(name: str, pk: int = 1, model: type[models.Model] = EverythingA) -> Any:
    """What the driver reads, which no field has converted."""
    column = connection.ops.quote_name(model._meta.get_field(name).column)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [pk])
        return cursor.fetchone()[0]


def taken(write: Any) -> str:
    """Makes a call that the engine must take itself: by what."""
    with Share() as share:
        write()
    assert share.last is not None and share.last[0] != "django", share.last
    return share.last[0]


class Conversions(TestCase):
    """Traps 1 to 4: what is stored."""

    def test_1_pre_save_is_not_run_and_values_are_prepared(self) -> None:
        """`get_db_prep_save` of a custom field is called, `pre_save` is not; other types are converted."""
        [row] = rows(1)
        before = EverythingA.objects.get().modified
        row.no_pre_save = True
        row.secret, row.upper, row.cents = "secret", "loud", 1.25
        row.integer, row.small, row.price, row.real = 5.7, "6", Decimal("5.5"), "2.5"
        row.stamp = None
        fields = ["secret", "upper", "cents", "integer", "small", "price", "real", "stamp"]
        self.assertEqual(EverythingA.objects.bulk_update([row], fields), 1)
        self.assertEqual(stored("secret"), "secret:frperg")
        self.assertEqual((stored("upper"), stored("cents")), ("LOUD", 125))
        found = EverythingA.objects.get()
        self.assertEqual((found.integer, found.small, found.price, found.real), (5, 6, Decimal("5.50"), 2.5))
        self.assertEqual(found.modified, before)

    @tag("timezones")
    def test_2_naive_datetimes(self) -> None:
        """A naive value means the connection's zone; with USE_TZ the current one, with a warning."""
        [row] = rows(1)
        row.moment = dt.datetime(2024, 7, 1, 12, 30, 0, 5)
        if settings.USE_TZ:
            with self.assertWarnsMessage(RuntimeWarning, "received a naive datetime"):
                EverythingA.objects.bulk_update([row], ["moment"])
            expected = dt.datetime(2024, 7, 1, 16, 30, 0, 5, dt.timezone.utc)
        else:
            EverythingA.objects.bulk_update([row], ["moment"])
            expected = row.moment
        self.assertEqual(EverythingA.objects.get().moment, expected)
        self.assertTrue(EverythingA.objects.filter(moment=expected).exists())

    def test_3_json_and_decimals_are_exact(self) -> None:
        """JSON keeps large numbers, and NULL is not null; decimals keep 40 digits."""
        documents = [{"b": 10**30, "a": 1.5}, "null", None, Value(None, models.JSONField()), [5e-324]]
        written = rows(len(documents))
        for row, document in zip(written, documents, strict=True):
            row.document = document
        EverythingA.objects.bulk_update(written, ["document"])
        nulls = EverythingA.objects.filter(document__isnull=True).order_by("pk").values_list("pk", flat=True)
        ours = list(nulls.all())
        self.assertIn(3, ours)
        self.assertNotIn(2, ours)
        django_bulk_update(EverythingA.objects.all(), written, ["document"])
        self.assertEqual(list(nulls.all()), ours)
        EverythingA.objects.bulk_update(written, ["document"])
        found = list(EverythingA.objects.order_by("pk").values_list("document", flat=True))
        self.assertEqual(found[1:], ["null", None, None, [5e-324]])
        if connection.vendor != "mysql":
            self.assertEqual(found[0], {"b": 10**30, "a": 1.5})
        if connection.vendor != "sqlite":
            wide = Decimal("123456789012345678901234567890.0123456789")
            written[0].wide = wide
            EverythingA.objects.bulk_update(written[:1], ["wide"])
            self.assertEqual(EverythingA.objects.get(pk=1).wide, wide)
        written[0].encoded = {"when": dt.date(2024, 2, 29), "key": uuid.UUID(int=7)}
        EverythingA.objects.bulk_update(written[:1], ["encoded"])
        self.assertEqual(EverythingA.objects.get(pk=1).encoded["when"], "2024-02-29")

    def test_4_types_of_the_database_itself(self) -> None:
        """Addresses, arrays, ranges and hstore are written as Django writes them."""
        [row] = rows(1)
        row.address = "2001:db8::1"
        taken(lambda: EverythingA.objects.bulk_update([row], ["address"]))
        self.assertEqual(EverythingA.objects.get().address, "2001:db8::1")
        if connection.vendor != "postgresql":
            return
        from django.db.backends.postgresql.psycopg_any import NumericRange
        from pgshop.models import PostgresA

        item = PostgresA.objects.create()
        item.numbers, item.words, item.store = [1, 2], ["a,b", None, '"'], {"a": None, "b": "1"}
        item.range = NumericRange(1, 5)
        PostgresA.objects.bulk_update([item], ["numbers", "words", "store", "range"])
        found = PostgresA.objects.get()
        self.assertEqual((found.numbers, found.words), (item.numbers, item.words))
        self.assertEqual((found.store, found.range), (item.store, item.range))


class Semantics(TestCase):
    """Traps 5, 6, 8, 10, 11: which rows, which statements."""

    databases = {"default", "other"}

    def test_5_duplicates_and_checks(self) -> None:
        """The first of a batch wins, the last batch wins; checks are Django's, also for no objects."""
        written = rows(2)
        twice = [EverythingA(pk=1, integer=1), EverythingA(pk=1, integer=2), written[1]]
        EverythingA.objects.bulk_update(twice, ["integer", "integer"])
        self.assertEqual(stored("integer"), 1)
        EverythingA.objects.bulk_update(twice, ["integer"], batch_size=1)
        self.assertEqual(stored("integer"), 2)
        refused = [
            (["pk"], FieldDoesNotExist),
            (["id"], ValueError),
            (["absent"], FieldDoesNotExist),
            ([], ValueError),
        ]
        for fields, error in refused:
            for objects in ([], written):
                with self.subTest(fields=fields, objects=objects), self.assertRaises(error):
                    EverythingA.objects.bulk_update(objects, fields)
        with self.assertRaisesMessage(ValueError, "Batch size must be a positive integer."):
            EverythingA.objects.bulk_update([], [], batch_size=0)
        with self.assertRaisesMessage(ValueError, "All bulk_update() objects must have a primary key set."):
            EverythingA.objects.bulk_update([EverythingA()], ["integer"])
        written[0].label = Label(slug="unsaved")
        with self.assertRaises(ValueError):
            EverythingA.objects.bulk_update(written, ["label"])
        self.assertEqual(EverythingA.objects.bulk_update(written, ["integer"]), 2)
        written[0].label = written[0].by_slug = Label.objects.create(slug="saved")
        EverythingA.objects.bulk_update(written, ["label_id", "by_slug"])
        self.assertEqual(stored("by_slug"), "saved")
        self.assertEqual(
            EverythingA.objects.bulk_update(written, ["computed"]),
            django_bulk_update(EverythingA.objects.all(), written, ["computed"]),
        )
        deferred = EverythingA.objects.only("pk").get(pk=2)
        with self.assertNumQueries(2):
            EverythingA.objects.bulk_update([deferred], ["integer"])

    def test_6_queries_are_counted(self) -> None:
        """Ten objects are one statement, and batches are as many as were asked for."""
        written = rows(10)
        for row in written:
            row.integer, row.char = row.pk, f"text {row.pk}"
        with self.assertNumQueries(1):
            EverythingA.objects.bulk_update(written, ["integer", "char"])
        with self.assertNumQueries(5):
            EverythingA.objects.bulk_update(written, ["integer"], batch_size=2)
        with CaptureQueriesContext(connection) as captured:
            EverythingA.objects.bulk_update(written, ["integer"])
        self.assertIn("UPDATE", captured[-1]["sql"])

    def test_8_related_managers_and_updates_are_once(self) -> None:
        """A manager sets `auto_now`; routers get no new hints."""
        account = Account.objects.create(owner="a")
        Account.objects.filter(pk=account.pk).update(touched=dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc))
        account.balance = 5
        self.assertEqual(Account.objects.bulk_update([account], ["balance"]), 1)
        self.assertGreater(Account.objects.get().touched.year, 2020)
        there = Elsewhere.objects.create(name="a")
        there.name = "b"
        self.assertEqual(Elsewhere.objects.bulk_update([there], ["name"]), 1)
        self.assertEqual(Elsewhere.objects.using("other").get().name, "b")

    def test_10_a_null_that_the_column_refuses(self) -> None:
        """The error of the database names the model's column, not a table of the engine's."""
        written = rows(300)
        for row in written:
            row.required = None
        for many in (written[:3], written):
            with self.assertRaisesRegex(Exception, "required") as caught, transaction.atomic():
                EverythingA.objects.bulk_update(many, ["required"])
            self.assertNotIn("enmasse", str(caught.exception))

    def test_11_expressions_and_querysets(self) -> None:
        """Expressions for some rows, filtered querysets, slices, and querysets of another database."""
        written = rows(4, integer=1)
        written[0].integer = F("integer") + 10
        written[1].integer = 7
        written[2].integer = Value(8)
        self.assertEqual(EverythingA.objects.filter(pk__lt=4).bulk_update(written, ["integer"]), 3)
        found = list(EverythingA.objects.order_by("pk").values_list("integer", flat=True))
        self.assertEqual(found, [11, 7, 8, 1])
        # Django's own error comes within its transaction, which is broken by it.
        with self.assertRaises(TypeError), transaction.atomic():
            EverythingA.objects.all()[:2].bulk_update(written, ["integer"])
        self.assertEqual(EverythingA.objects.none().bulk_update(written, ["char"]), 0)
        self.assertEqual(EverythingA.objects.using("other").bulk_update(written, ["char"]), 0)
        self.assertEqual(EverythingA.objects.distinct().order_by("-pk").bulk_update(written, ["char"]), 4)
        composite = CompositeA.objects.create(tenant="a", number=1)
        composite.points = 9
        self.assertEqual(CompositeA.objects.bulk_update([composite], ["points"]), 1)
        text = TextKeyA.objects.create(code="é'%s")
        text.number = 3
        self.assertEqual(TextKeyA.objects.bulk_update([text], ["number"]), 1)
        pizzeria = PizzeriaA.objects.create(name="a", stars=1, oven="wood")
        pizzeria.name, pizzeria.stars, pizzeria.oven = "b", 2, "gas"
        self.assertEqual(PizzeriaA.objects.bulk_update([pizzeria], ["name", "stars", "oven"]), 1)
        found_pizzeria = PizzeriaA.objects.get()
        self.assertEqual((found_pizzeria.name, found_pizzeria.stars, found_pizzeria.oven), ("b", 2, "gas"))


class Transactions(TransactionTestCase):
    """Traps 7 and 9: what an error leaves, and what is locked."""

    def test_7_an_error_before_a_statement_leaves_the_transaction_usable(self) -> None:
        """A value that cannot be encoded is found before anything is sent; the block goes on."""
        written = rows(150)
        for row in written:
            row.integer = row.pk
        written[-1].integer = "not a number"
        with transaction.atomic():
            with self.assertRaises(ValueError), transaction.atomic():
                EverythingA.objects.bulk_update(written, ["integer"])
            written[-1].integer = 5
            self.assertEqual(EverythingA.objects.bulk_update(written, ["integer"]), 150)
        self.assertEqual(stored("integer", 150), 5)

    def test_9_a_managers_chain_is_written_wholly(self) -> None:
        """All tables of a chain are written, or none, by a manager's call."""
        made = [PizzeriaA.objects.create(name=f"p{number}", stars=1, oven="wood") for number in range(5)]
        for item in made:
            item.name, item.stars, item.oven = "new", 2, "gas"
        queryset = BulkQuerySet(model=PizzeriaA)
        self.assertEqual(queryset.bulk_update(made, ["name", "stars", "oven"]), 5)
        made[-1].oven = "x" * 41
        for item in made:
            item.name = "newer"
        if connection.vendor == "sqlite":
            return  # which has no lengths
        with self.assertRaises((DataError, ValueError)):
            queryset.bulk_update(made, ["name", "oven"])
        self.assertEqual(set(PizzeriaA.objects.values_list("name", "oven")), {("new", "gas")})


class Judges(TransactionTestCase):
    """The tests' own means."""

    def test_the_twin_judge_notices(self) -> None:
        """A row too many, another value and another count are all seen."""
        from twins.case import Case
        from twins.judge import call, compare
        from twins.shapes import SHAPES, fill

        shape = next(shape for shape in SHAPES if shape.name == "Place")
        fill(shape)
        case = Case(shape, ("visits",), ((1, {"visits": 5}), (2, {"visits": 6})))
        theirs, ours = call(case, "django"), call(case, "engine")
        self.assertIsNone(compare(ours, theirs))
        ours.count = 1
        self.assertIn("count", compare(ours, theirs) or "")
        connections["default"].cursor().execute("UPDATE shop_placea SET visits = 7 WHERE id = 9")
        self.assertIn("differs", compare(call(case, "engine"), theirs) or "")
