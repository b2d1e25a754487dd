"""`update` and `bulk_update_where` across chains of tables, and the managers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import NotSupportedError, connection, models
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Concat
from django.test import TestCase, TransactionTestCase, skipUnlessDBFeature
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils import timezone
from surface.models import (
    BaseUser,
    Both,
    Customer,
    Left,
    Managed,
    Member,
    Right,
    Silent,
    Ticket,
    Vip,
    VipProxy,
)

from django_enmasse import BulkManager, BulkQuerySet, post_bulk_update
from django_enmasse.update import auto_now_values


class Chains(TestCase):
    """Each field in the table that has it."""

    def setUp(self) -> None:
        for at in range(5):
            Vip.objects.create(name=f"v{at}", visits=at, level="Gold", lounge="A")

    def test_the_call_of_the_post(self) -> None:
        customers = [Customer.objects.create(name="c", level="Gold") for _ in range(4)]
        keys = [customer.pk for customer in customers[:3]]
        self.assertEqual(Customer.objects.bulk_update(["level"], ["Free"], id__in=keys), 3)
        self.assertEqual(list(Customer.objects.filter(level="Free").order_by("pk")), customers[:3])

    def test_three_tables(self) -> None:
        written = Vip.objects.bulk_update_where(
            ["level", "name", "lounge"], ["Free", "n/a", "B"], visits__gte=2
        )
        self.assertEqual(written, 3)
        rows = Vip.objects.order_by("visits").values_list("name", "level", "lounge")
        self.assertEqual(list(rows), [("v0", "Gold", "A"), ("v1", "Gold", "A")] + [("n/a", "Free", "B")] * 3)

    def test_setting_what_the_filter_reads_loses_no_row(self) -> None:
        self.assertEqual(
            Vip.objects.filter(name__startswith="v", level="Gold").update(name="x", level="Free"), 5
        )
        self.assertEqual(Vip.objects.filter(name="x", level="Free").count(), 5)

    def test_the_keys_stay_in_the_database(self) -> None:
        with CaptureQueriesContext(connection) as queries:
            Vip.objects.update(name="x", lounge="B")
        self.assertFalse([query["sql"] for query in queries if query["sql"].startswith("SELECT")])

    def test_only_a_parents_field(self) -> None:
        self.assertEqual(Vip.objects.filter(lounge="A", visits__lt=2).update(visits=F("visits") + 10), 2)
        self.assertEqual(list(Vip.objects.order_by("pk").values_list("visits", flat=True)), [10, 11, 2, 3, 4])

    def test_a_proxy(self) -> None:
        self.assertEqual(VipProxy.objects.filter(visits=1).update(level="Free", lounge="B"), 1)
        self.assertEqual(Vip.objects.get(level="Free").lounge, "B")

    def test_the_parents_auto_now_is_set_as_by_save(self) -> None:
        old = timezone.now() - timedelta(days=3)
        BaseUser.objects.update(changed=old)
        Vip.objects.filter(visits=1).update(lounge="B")
        self.assertEqual(BaseUser.objects.filter(changed=old).count(), 4)
        self.assertLess(timezone.now() - Vip.objects.get(visits=1).changed, timedelta(minutes=1))

    def test_fields_that_do_not_exist(self) -> None:
        with self.assertRaises(FieldDoesNotExist):
            Vip.objects.update(nme="x")
        with self.assertRaises(FieldError):
            Vip.objects.update(lounge=F("nme"))

    def test_nothing_to_do_is_no_query(self) -> None:
        with self.assertNumQueries(0):
            self.assertEqual(Vip.objects.none().update(name="x", lounge="B"), 0)
            self.assertEqual(Vip.objects.filter(pk__in=[]).update(name="x", lounge="B"), 0)
            self.assertEqual(Vip.objects.update(), 0)

    def test_slices_and_unions_are_refused(self) -> None:
        with self.assertRaises(TypeError):
            Vip.objects.all()[:2].update(name="x")
        with self.assertRaises(NotSupportedError):
            Vip.objects.all().union(Vip.objects.all()).update(name="x")

    @skipUnlessDBFeature("can_distinct_on_fields")
    def test_distinct_fields_are_refused(self) -> None:
        with self.assertRaises(TypeError):
            Vip.objects.distinct("level").update(name="x")
        with self.assertRaises(TypeError):
            Silent.objects.distinct("number").update(number=1)

    def test_two_parents(self) -> None:
        for at in range(3):
            Right.objects.create(right=-1)  # the two keys of a row differ
            Both.objects.create(left=at, right=at, own=at)
        self.assertEqual(Both.objects.filter(right__gte=1, left__lt=5).update(left=7, right=8, own=9), 2)
        self.assertEqual(
            list(Both.objects.order_by("pk").values_list("left", "right", "own")),
            [(0, 0, 0)] + [(7, 8, 9)] * 2,
        )
        self.assertEqual(Right.objects.filter(right=-1).count(), 3)
        self.assertEqual(Left.objects.filter(left=7).count(), 2)

    def test_values_that_read_other_tables_of_the_chain(self) -> None:
        rows = Vip.objects.filter(visits__gte=3)
        written = rows.update(
            lounge=Concat(F("name"), Value("-"), F("level")),
            name=F("lounge"),
            visits=F("visits") + 10,
            level="Free",
        )
        self.assertEqual(written, 2)
        rows = Vip.objects.order_by("pk").values_list("name", "level", "lounge", "visits")
        self.assertEqual(
            list(rows)[2:],
            [("v2", "Gold", "A", 2), ("A", "Free", "v3-Gold", 13), ("A", "Free", "v4-Gold", 14)],
        )
        self.assertEqual(Vip.objects.filter(lounge=F("level")).update(lounge="x"), 0)
        self.assertEqual(Vip.objects.update(lounge=F("level")), 5)
        self.assertEqual(set(Vip.objects.values_list("lounge", flat=True)), {"Gold", "Free"})

    def test_values_that_read_other_tables_of_the_chain_with_receivers(self) -> None:
        seen: list[Any] = []

        def hear(batch: Any, **kwargs: Any) -> None:
            seen.extend(change.changed for change in batch.changes())

        post_bulk_update.connect(hear, sender=Vip, old=["lounge", "name"])
        try:
            self.assertEqual(Vip.objects.filter(visits=1).update(lounge=F("name"), name=F("lounge")), 1)
        finally:
            post_bulk_update.disconnect(hear, sender=Vip)
        self.assertEqual(seen, [{"lounge": ("A", "v1"), "name": ("v1", "A")}])

    def test_values_that_are_not_of_the_chain_are_refused(self) -> None:
        for value in [F("nothing"), Count("name")]:
            with self.subTest(value=value), self.assertRaises(FieldError):
                Vip.objects.update(lounge=value)
        with self.assertRaisesMessage(FieldError, "Joined field references"):
            Both.objects.update(own=F("owner__points"))
        with self.assertRaises(FieldError):
            Both.objects.update(right=F("own"))

    def test_annotations_across_a_chain(self) -> None:
        rows = Vip.objects.annotate(next=F("visits") + 1).filter(next=3)
        self.assertEqual(rows.update(name="x", lounge="B"), 1)
        self.assertEqual(Vip.objects.get(name="x").visits, 2)


class AtomicChains(TransactionTestCase):
    """A chain is written wholly or not."""

    def test_a_failure_half_way_leaves_all_as_it_was(self) -> None:
        Vip.objects.create(name="v", level="Gold")
        execute = models.sql.compiler.SQLUpdateCompiler.execute_sql

        def fail(self: Any, *args: Any) -> Any:
            if self.query.model is Vip:
                raise RuntimeError("half-way")
            return execute(self, *args)

        patched = mock.patch.object(models.sql.compiler.SQLUpdateCompiler, "execute_sql", fail)
        with patched, self.assertRaisesMessage(RuntimeError, "half-way"):
            Vip.objects.update(name="x", lounge="B")
        self.assertEqual(Vip.objects.get().name, "v")


class Where(TestCase):
    """`bulk_update_where` and what it refuses."""

    def test_conditions(self) -> None:
        Silent.objects.bulk_create([Silent(number=at) for at in range(4)])
        self.assertEqual(Silent.objects.bulk_update_where(["number"], [9], Q(number=1) | Q(number=2)), 2)
        self.assertEqual(Silent.objects.filter(number=3).bulk_update_where(["number"], [9], number__gte=0), 1)

    def test_refusals(self) -> None:
        update = Silent.objects.bulk_update_where
        with self.assertRaisesMessage(TypeError, "No filter"):
            update(["number"], [1])
        with self.assertRaisesMessage(ValueError, "2 fields and 1 values"):
            update(["number", "pk"], [1], pk=1)
        with self.assertRaisesMessage(ValueError, "twice"):
            update(["number", "number"], [1, 2], pk=1)
        with self.assertRaisesMessage(TypeError, "list of values"):
            update(["number"], "1", pk=1)
        with self.assertRaisesMessage(TypeError, "list of names"):
            update("number", [1], pk=1)  # type: ignore[arg-type]
        with self.assertRaisesMessage(TypeError, "list of names"):
            Silent.objects.bulk_update([Silent(number=1)], ["number"], number__gte=0)
        with self.assertRaises(FieldDoesNotExist):
            update(["nmber"], [1], pk=1)


class Managers(TestCase):
    """Managers of each making."""

    def setUp(self) -> None:
        Managed.objects.bulk_create([Managed(points=at, country="US" if at else "CA") for at in range(3)])

    def test_as_manager(self) -> None:
        self.assertIsInstance(Managed.objects, BulkManager)
        self.assertEqual(Managed.objects.inactive().promote(), 1)
        self.assertEqual(Managed.objects.filter(country="US").promote(), 2)

    def test_from_a_query_set_that_knows_nothing_of_enmasse(self) -> None:
        rows = Managed.plain.americans()
        self.assertIsInstance(rows, BulkQuerySet)
        self.assertEqual(rows.bulk_update_where(["points"], [7], points__gt=1), 1)

    def test_the_mixin_and_a_manager_of_another_kind(self) -> None:
        self.assertIsInstance(Customer.objects, BulkManager)
        self.assertNotIsInstance(Managed.classic.all(), BulkQuerySet)

    def test_a_child_that_loses_the_manager_is_told_of(self) -> None:
        with isolate_apps("surface"):

            class Lost(BaseUser):
                objects = models.Manager()

                class Meta:
                    app_label = "surface"

            self.assertIn("enmasse.W010", [message.id for message in Lost.check()])
        self.assertEqual(Customer.check(), [])

    def test_a_clone_keeps_whether_signals_are_sent(self) -> None:
        rows = Managed.objects.without_signals().filter(points=1).order_by("pk").all()
        self.assertFalse(rows._enmasse_sends())

        def hear(**kwargs: Any) -> None:
            raise AssertionError("No signal is sent.")

        post_bulk_update.connect(hear, sender=Managed)
        try:
            self.assertEqual(rows.update(points=2), 1)
        finally:
            post_bulk_update.disconnect(hear, sender=Managed)


class AutoNowValues(TestCase):
    """What `auto_now` fields are set to."""

    def test_named_fields_are_left(self) -> None:
        self.assertEqual(auto_now_values(Member, ["touched"]), {})
        self.assertEqual(list(auto_now_values(Member, ["points"])), ["touched"])
        self.assertEqual(list(auto_now_values(Vip, [])), ["changed"])

    def test_a_date_is_the_local_one(self) -> None:
        field = Ticket._meta.get_field("day")
        self.assertEqual(auto_now_values(Ticket, [])["day"], field.pre_save(Ticket(), add=False))
