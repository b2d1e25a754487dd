"""Signals of bulk writes: once a write, in its transaction, with keys that the write itself does not
change.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import skipUnless

from django.db import NotSupportedError, connection, transaction
from django.db.models import F
from django.db.models.signals import post_save
from django.test import TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from surface.models import Customer, Keyed, Member, Profile, Seat, Silent, Ticket, Vip, VipProxy

from django_enmasse import post_bulk_update, pre_bulk_update, send_save_signals, stop_save_signals

MANY = 150


@contextmanager
def connected(
    receiver: Callable[..., Any], sender: Any, signal: Any = post_bulk_update, **options: Any
) -> Iterator[None]:
    """A receiver that is connected for as long as the block runs."""
    signal.connect(receiver, sender=sender, **options)
    try:
        yield
    finally:
        assert signal.disconnect(receiver, sender=sender)


class Heard:
    """A receiver that remembers what it was called with."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def __call__(self, sender: Any, batch: Any, **kwargs: Any) -> None:
        self.calls.append({"sender": sender, "size": len(batch), "objects": batch.objects, **kwargs})

    def kinds(self) -> list[str]:
        return [call["kind"] for call in self.calls]


def members(count: int, **values: Any) -> list[Member]:
    """Members that are in the database, each with a profile."""
    made = Member.objects.without_signals().bulk_create(
        [Member(name=f"m{at}", **values) for at in range(count)]
    )
    if made and made[0].pk is None:
        made = list(Member.objects.order_by("pk"))
    Profile.objects.bulk_create([Profile(member=member) for member in made])
    return made


def reward(sender: Any, batch: Any, using: str, **kwargs: Any) -> None:
    """The receiver of the README."""
    Profile.objects.using(using).filter(member__in=batch.pks()).update(points=F("points") + 100)


class UpdateSignals(TestCase):
    """`update` of a QuerySet."""

    def test_profiles_are_rewarded_in_one_query_though_the_filter_no_longer_finds_their_members(self) -> None:
        for count in [3, MANY]:
            Member.objects.all().delete()
            members(count)
            Member.objects.filter(name="m1").update(country="CA")
            with connected(reward, Member), self.subTest(count=count):
                # savepoint, table, keys, update, profiles, drop, savepoint
                with self.assertNumQueries(7):
                    self.assertEqual(Member.objects.filter(country="US").update(country="DE"), count - 1)
                self.assertEqual(Profile.objects.filter(points=100).count(), count - 1)
                self.assertEqual(Profile.objects.get(member__name="m1").points, 0)
                self.assertEqual(Member.objects.filter(country="DE").count(), count - 1)

    def test_what_receivers_are_given(self) -> None:
        members(2)
        before, after = Heard(), Heard()
        with connected(before, Member, pre_bulk_update), connected(after, Member):
            Member.objects.update(points=1)
        for heard in [before, after]:
            (call,) = heard.calls
            self.assertIs(call["sender"], Member)
            self.assertEqual(
                (call["size"], call["using"], call["kind"], call["created"]), (2, "default", "update", False)
            )
            self.assertEqual(call["fields"], ("points", "touched"))

    def test_receivers_before_the_write_see_the_rows_as_they_were(self) -> None:
        members(2)
        seen: list[int] = []

        def look(batch: Any, **kwargs: Any) -> None:
            seen.extend(batch.rows().values_list("points", flat=True))

        with connected(look, Member, pre_bulk_update), connected(look, Member):
            Member.objects.update(points=7)
        self.assertEqual(seen, [0, 0, 7, 7])

    def test_a_receiver_that_changes_what_the_filter_reads_does_not_change_which_rows_are_written(
        self,
    ) -> None:
        members(2)

        def move(batch: Any, **kwargs: Any) -> None:
            batch.rows().update(country="FR")

        with connected(move, Member, pre_bulk_update):
            self.assertEqual(Member.objects.filter(country="US").update(points=5), 2)
        self.assertEqual(set(Member.objects.values_list("country", "points")), {("FR", 5)})

    def test_no_row_no_signal(self) -> None:
        members(1)
        heard = Heard()
        with connected(heard, Member):
            self.assertEqual(Member.objects.filter(country="XX").update(points=1), 0)
            with self.assertNumQueries(0):
                self.assertEqual(Member.objects.none().update(points=1), 0)
                self.assertEqual(Member.objects.filter(pk__in=[]).update(points=1), 0)
        self.assertEqual(heard.calls, [])

    def test_a_query_set_without_signals_sends_none(self) -> None:
        members(1)
        heard = Heard()
        with connected(heard, Member), self.assertNumQueries(1):
            Member.objects.without_signals().filter(country="US").update(points=1)
        self.assertEqual(heard.calls, [])

    def test_without_a_receiver_no_statement_is_added(self) -> None:
        Silent.objects.create()
        with connected(reward, Member), CaptureQueriesContext(connection) as queries:
            Silent.objects.update(number=1)
        self.assertEqual(len(queries), 1)

    def test_joins_give_each_row_once(self) -> None:
        one, two = members(2)
        Ticket.objects.bulk_create([Ticket(member=one, title="t") for _ in range(3)])
        heard = Heard()
        with connected(heard, Member):
            self.assertEqual(Member.objects.filter(tickets__title="t").update(points=1), 1)
            self.assertEqual(Member.objects.exclude(tickets__title="t").distinct().update(points=2), 1)
        self.assertEqual([call["size"] for call in heard.calls], [1, 1])
        two.refresh_from_db()
        self.assertEqual(two.points, 2)

    def test_annotations_may_be_in_the_values(self) -> None:
        members(2, points=3)
        heard = Heard()
        with connected(heard, Member):
            self.assertEqual(
                Member.objects.annotate(more=F("points") * 2).filter(more=6).update(points=F("more")), 2
            )
        self.assertEqual(set(Member.objects.values_list("points", flat=True)), {6})
        self.assertEqual([call["size"] for call in heard.calls], [2])

    def test_old_and_new_values(self) -> None:
        members(MANY)
        Member.objects.filter(name="m3").update(points=9)
        changes: dict[str, Any] = {}

        def look(batch: Any, **kwargs: Any) -> None:
            changes.update((change.old["name"], change) for change in batch.changes())

        with connected(look, Member, old=["points", "name"]):
            Member.objects.update(points=F("points") + 1)
        self.assertEqual(len(changes), MANY)
        self.assertEqual(changes["m3"].changed, {"points": (9, 10)})
        self.assertEqual(changes["m4"].new, {"points": 1, "name": "m4"})

    def test_old_values_of_what_is_written(self) -> None:
        members(1)
        changes: list[Any] = []

        def look(batch: Any, **kwargs: Any) -> None:
            changes.extend(batch.changes())

        with connected(look, Member, old=True):
            Member.objects.update(country="CA")
        self.assertEqual(sorted(changes[0].old), ["country", "touched"])
        self.assertEqual(changes[0].changed["country"], ("US", "CA"))

    def test_old_values_are_refused_where_nobody_asked(self) -> None:
        members(1)
        with connected(ask_for_changes, Member), self.assertRaisesMessage(NotSupportedError, "old="):
            Member.objects.update(country="CA")

    def test_old_values_across_a_chain(self) -> None:
        Vip.objects.create(name="v", level="Gold", lounge="A")
        changes: list[Any] = []

        def look(batch: Any, **kwargs: Any) -> None:
            changes.extend(batch.changes())

        with connected(look, Vip, old=["name", "level", "lounge"]):
            Vip.objects.update(name="w", lounge="B")
        self.assertEqual(changes[0].changed, {"name": ("v", "w"), "lounge": ("A", "B")})

    def test_the_batch_ends_with_its_write(self) -> None:
        members(1)
        batches: list[Any] = []
        keep = Keeper(batches)
        with connected(keep, Member):
            Member.objects.update(points=1)
        self.assertEqual(len(batches[0]), 1)
        with self.assertRaises(RuntimeError):
            batches[0].pks()

    def test_a_change_of_the_key_is_not_hidden(self) -> None:
        Keyed.objects.create()
        with connected(ask_for_keys, Keyed), self.assertRaisesMessage(NotSupportedError, "primary key"):
            Keyed.objects.update(key="00000000-0000-0000-0000-000000000001")

    def test_receivers_that_call_each_other_end(self) -> None:
        members(1)

        def again(**kwargs: Any) -> None:
            Member.objects.update(points=F("points") + 1)

        with connected(again, Member), self.assertRaisesMessage(RecursionError, "Member → Member"):
            Member.objects.update(points=0)
        self.assertEqual(Member.objects.get().points, 0)

    def test_a_receiver_may_write_the_same_model_without_signals(self) -> None:
        members(2)

        def again(batch: Any, **kwargs: Any) -> None:
            Member.objects.without_signals().filter(pk__in=batch.pks()).update(points=F("points") + 1)

        with connected(again, Member):
            Member.objects.update(points=4)
        self.assertEqual(set(Member.objects.values_list("points", flat=True)), {5})

    def test_a_proxy_sends_as_itself_and_a_child_not_for_its_parents(self) -> None:
        VipProxy.objects.create(name="v")
        proxy, vip, customer = Heard(), Heard(), Heard()
        with connected(proxy, VipProxy), connected(vip, Vip), connected(customer, Customer):
            VipProxy.objects.update(level="Free")
        self.assertEqual((len(proxy.calls), vip.calls, customer.calls), (1, [], []))

    def test_a_receiver_without_a_sender_hears_every_model(self) -> None:
        Silent.objects.create()
        heard = Heard()
        with connected(heard, None):
            Silent.objects.update(number=1)
            members(1)
        self.assertEqual(heard.kinds(), ["update"])

    def test_composite_keys(self) -> None:
        Seat.objects.bulk_create([Seat(room="a", number=at) for at in range(3)])
        seen: list[Any] = []

        def look(batch: Any, **kwargs: Any) -> None:
            seen.append(
                (len(batch), sorted(batch.pks()), batch.rows().count(), sorted(c.pk for c in batch.changes()))
            )

        with connected(look, Seat, old=["guest"]):
            Seat.objects.filter(number__gt=0, guest="").update(guest="g")
        self.assertEqual(seen, [(2, [("a", 1), ("a", 2)], 2, [("a", 1), ("a", 2)])])


class Time(TestCase):
    """The time of a write grows with its rows, not with their square."""

    def test_many_rows(self) -> None:
        # Without an index of the keys MariaDB takes a minute and a half.
        count = 20_000
        Silent.objects.bulk_create([Silent(pk=at) for at in range(1, count + 1)])
        seen: list[int] = []

        def hear(batch: Any, **kwargs: Any) -> None:
            seen.append(
                Silent.objects.without_signals().filter(pk__in=batch.pks()).update(number=F("number") + 1)
            )

        begun = time.monotonic()
        with connected(hear, Silent):
            self.assertEqual(Silent.objects.update(number=1), count)
        self.assertLess(time.monotonic() - begun, 20)
        self.assertEqual(seen, [count])


class Keeper:
    """Keeps batches."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __call__(self, batch: Any, **kwargs: Any) -> None:
        self.batches.append(batch)


def ask_for_changes(batch: Any, **kwargs: Any) -> None:
    """Asks for values that are not kept."""
    list(batch.changes())


def ask_for_keys(batch: Any, **kwargs: Any) -> None:
    """Asks for the keys."""
    list(batch.pks())


class BulkUpdateSignals(TestCase):
    """`bulk_update` of objects."""

    def test_once_for_a_call_with_the_keys_of_the_rows_that_are_there(self) -> None:
        for count in [3, MANY]:
            Member.objects.all().delete()
            made = members(count)
            for member in made:
                member.points = 5
            Member.objects.filter(pk=made[0].pk).delete()
            heard = Heard()
            with self.subTest(count=count), connected(heard, Member), connected(reward, Member):
                self.assertEqual(Member.objects.bulk_update(made, ["points"], batch_size=50), count - 1)
                (call,) = heard.calls
                self.assertEqual((call["kind"], call["size"]), ("bulk_update", count - 1))
                self.assertIn("points", call["fields"])
                self.assertEqual(Profile.objects.filter(points=100).count(), count - 1)

    def test_a_filtered_query_set_sends_for_the_rows_that_pass(self) -> None:
        made = members(3)
        Member.objects.filter(pk=made[0].pk).update(country="CA")
        for member in made:
            member.country = "DE"
        with connected(reward, Member):
            self.assertEqual(Member.objects.filter(country="US").bulk_update(made, ["country"]), 2)
        self.assertEqual(Profile.objects.filter(points=100).count(), 2)

    def test_an_iterator(self) -> None:
        made = members(3)
        heard = Heard()
        with connected(heard, Member):
            self.assertEqual(Member.objects.bulk_update(iter(made), ["name"]), 3)
        self.assertEqual([call["size"] for call in heard.calls], [3])

    def test_post_save_for_each_object_on_request(self) -> None:
        made = members(3)
        Member.objects.filter(pk=made[1].pk).delete()
        saved: list[Any] = []

        def hear(instance: Any, created: bool, update_fields: Any, **kwargs: Any) -> None:
            saved.append((instance, created, "points" in update_fields))

        post_save.connect(hear, sender=Member)
        send_save_signals(Member)
        send_save_signals(Member)
        try:
            Member.objects.bulk_update(made, ["points"])
            Member.objects.update(points=1)
        finally:
            post_save.disconnect(hear, sender=Member)
            stop_save_signals(Member)
        self.assertEqual(saved, [(made[0], False, True), (made[2], False, True)])
        self.assertFalse(post_bulk_update.has_listeners(Member))


class CreateAndDeleteSignals(TestCase):
    """`bulk_create` and `delete`."""

    def test_bulk_create(self) -> None:
        for count in [2, MANY]:
            heard, before, keys = Heard(), Heard(), []

            def look(batch: Any, keys: list[Any] = keys, **kwargs: Any) -> None:
                keys.extend(batch.pks())

            with (
                self.subTest(count=count),
                connected(heard, Keyed),
                connected(before, Keyed, pre_bulk_update),
            ):
                with connected(look, Keyed):
                    made = Keyed.objects.bulk_create(Keyed() for _ in range(count))
                self.assertEqual(sorted(keys), sorted(row.pk for row in made))
                (call,) = heard.calls
                self.assertEqual((call["kind"], call["created"], call["size"]), ("bulk_create", True, count))
                self.assertEqual(call["objects"], made)
                self.assertEqual(before.kinds(), ["bulk_create"])

    def test_keys_that_the_database_gave(self) -> None:
        keys: list[Any] = []

        def look(batch: Any, **kwargs: Any) -> None:
            keys.extend(batch.pks())

        with connected(look, Member):
            if connection.features.can_return_rows_from_bulk_insert:
                made = Member.objects.bulk_create([Member(name="a"), Member(name="b")])
                self.assertEqual(sorted(keys), sorted(row.pk for row in made))
            else:
                with self.assertRaisesMessage(NotSupportedError, "does not return the keys"):
                    Member.objects.bulk_create([Member(name="a")])

    def test_rows_that_are_ignored_or_updated_are_not_called_new(self) -> None:
        there = Keyed.objects.create()
        heard = Heard()
        with connected(heard, Keyed):
            Keyed.objects.bulk_create([Keyed(key=there.key)], ignore_conflicts=True)
        self.assertIsNone(heard.calls[0]["created"])
        with connected(ask_for_keys, Keyed), self.assertRaises(NotSupportedError):
            Keyed.objects.bulk_create([Keyed(key=there.key)], ignore_conflicts=True)

    def test_delete(self) -> None:
        members(3)
        seen: list[Any] = []

        def look(batch: Any, kind: str, **kwargs: Any) -> None:
            seen.append((kind, len(batch), batch.pks().count(), batch.rows().count()))

        with connected(look, Member, pre_bulk_update), connected(look, Member):
            deleted, by_model = Member.objects.filter(name__in=["m0", "m1"]).delete()
        self.assertEqual(seen, [("delete", 2, 2, 2), ("delete", 2, 2, 0)])
        self.assertEqual((deleted, by_model["surface.Member"]), (4, 2))
        self.assertEqual(Member.objects.count(), 1)

    def test_deleted_values(self) -> None:
        members(1)
        changes: list[Any] = []

        def look(batch: Any, **kwargs: Any) -> None:
            changes.extend(batch.changes())

        with connected(look, Member, old=["name"]):
            Member.objects.all().delete()
        self.assertEqual([(change.old, change.new) for change in changes], [({"name": "m0"}, None)])


class InnerCalls(TestCase):
    """Django's own methods call each other: one write sends once."""

    def test_related_managers(self) -> None:
        (member,) = members(1)
        made = [Ticket(title=f"t{at}") for at in range(3)]
        for ticket in made:
            ticket.save()
        heard = Heard()
        with connected(heard, Ticket):
            member.tickets.add(*made)
            member.tickets.remove(made[0])
            member.tickets.clear()
        self.assertEqual(heard.kinds(), ["update"] * 3)
        self.assertEqual([call["size"] for call in heard.calls], [3, 1, 2])

    def test_save_and_refresh_send_no_bulk_signal(self) -> None:
        ticket = Ticket.objects.create(title="t")
        heard = Heard()
        with connected(heard, Ticket):
            ticket.title = "u"
            ticket.save()
            ticket.refresh_from_db()
            Ticket.objects.update_or_create(pk=ticket.pk, defaults={"title": "v"})
        self.assertEqual(heard.calls, [])

    def test_bulk_update_by_django_sends_once(self) -> None:
        made = members(5)
        heard = Heard()
        with connected(heard, Member):
            Member.objects.bulk_update(made, ["points"], batch_size=1)
        self.assertEqual(heard.kinds(), ["bulk_update"])


class Receivers(TestCase):
    """Connecting and disconnecting."""

    def test_lazy_senders_and_uids(self) -> None:
        heard = Heard()
        for _ in range(2):
            post_bulk_update.connect(heard, sender="surface.Silent", dispatch_uid="once", old=["number"])
        Silent.objects.create()
        Silent.objects.update(number=1)
        self.assertEqual(heard.kinds(), ["update"])
        self.assertEqual(post_bulk_update.old_fields(Silent, ["number"]), {"number"})
        post_bulk_update.disconnect(sender="surface.Silent", dispatch_uid="once")
        self.assertFalse(post_bulk_update.has_listeners(Silent))
        self.assertEqual(post_bulk_update.old_fields(Silent, ["number"]), set())

    def test_a_receiver_that_is_gone_asks_for_nothing(self) -> None:
        def look(**kwargs: Any) -> None:
            raise AssertionError("The receiver is gone.")

        post_bulk_update.connect(look, sender=Silent, old=["number"])
        del look
        gc.collect()
        self.assertEqual(post_bulk_update.old_fields(Silent, ["number"]), set())

    async def test_coroutines(self) -> None:
        await Silent.objects.acreate()
        heard: list[str] = []

        async def hear(kind: str, **kwargs: Any) -> None:
            heard.append(kind)

        with connected(hear, Silent):
            self.assertEqual(await Silent.objects.aupdate(number=1), 1)
            self.assertEqual((await Silent.objects.all().adelete())[0], 1)
        self.assertEqual(heard, ["update", "delete"])


class Atomicity(TransactionTestCase):
    """An exception of a receiver undoes the write."""

    def test_of_each_kind(self) -> None:
        made = members(MANY)

        def refuse(**kwargs: Any) -> None:
            raise ValueError("no")

        for member in made:
            member.points = 9
        writes: dict[str, Callable[[], Any]] = {
            "update": lambda: Member.objects.update(points=9),
            "bulk_update": lambda: Member.objects.bulk_update(made, ["points"]),
            "bulk_create": lambda: Member.objects.bulk_create([Member(name="new", points=9)]),
            "delete": lambda: Member.objects.all().delete(),
        }
        for signal in [pre_bulk_update, post_bulk_update]:
            for kind, write in writes.items():
                for inside in [False, True]:
                    with self.subTest(kind=kind, inside=inside), connected(refuse, Member, signal):
                        if inside:
                            with transaction.atomic():
                                with self.assertRaisesMessage(ValueError, "no"):
                                    write()
                                self.assertEqual(Member.objects.filter(points=0).count(), MANY)
                        else:
                            with self.assertRaisesMessage(ValueError, "no"):
                                write()
                        self.assertEqual(Member.objects.filter(points=0).count(), MANY)
                        self.assertEqual(Member.objects.filter(points=9).count(), 0)

    @skipUnless(connection.features.has_select_for_update, "SQLite has one writer")
    def test_writes_with_receivers_do_not_meet_in_a_deadlock(self) -> None:
        made = members(300)
        failures: list[Exception] = []

        def work(number: int) -> None:
            try:
                for turn in range(5):
                    rows = Member.objects.order_by("points" if (number + turn) % 2 else "-points")
                    if number % 2:
                        rows.update(points=F("points") + 1)
                    else:
                        objects = list(rows)
                        Member.objects.bulk_update(objects[::-1] if turn % 2 else objects, ["name"])
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        with connected(reward, Member):
            threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(set(Member.objects.values_list("points", flat=True)), {15})
        self.assertEqual(set(Profile.objects.values_list("points", flat=True)), {3000})
        self.assertEqual(Member.objects.count(), len(made))

    def test_the_path_of_signals_is_forgotten_after_an_error(self) -> None:
        members(1)

        def refuse(**kwargs: Any) -> None:
            raise ValueError("no")

        with connected(refuse, Member):
            for _ in range(20):
                with self.assertRaises(ValueError):
                    Member.objects.update(points=1)

    def test_no_table_is_left(self) -> None:
        members(MANY)
        with connected(reward, Member):
            Member.objects.update(points=1)
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM sqlite_temp_master")
                self.assertEqual(cursor.fetchone()[0], 0)
        elif connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM pg_class WHERE relname LIKE 'enmasse_keys%'")
                self.assertEqual(cursor.fetchone()[0], 0)

    @skipUnless(connection.vendor == "postgresql", "the statement is PostgreSQL's")
    def test_the_rows_are_locked_before_the_receivers_run(self) -> None:
        members(2)
        modes: list[Any] = []

        def look(**kwargs: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM surface_member WHERE xmax <> 0")
                modes.append(cursor.fetchone()[0])

        with connected(look, Member, pre_bulk_update):
            Member.objects.update(points=1)
        self.assertEqual(modes, [2])


class AutoNow(TestCase):
    """`update` sets fields that have `auto_now`, unless they are given."""

    def test_it_is_set(self) -> None:
        members(1)
        old = timezone.now() - timedelta(days=3)
        Member.objects.update(touched=old, joined=old)
        member = Member.objects.get()
        self.assertEqual((member.touched, member.joined), (old, old))
        Member.objects.update(points=1)
        member.refresh_from_db()
        self.assertLess(timezone.now() - member.touched, timedelta(minutes=1))
        self.assertEqual(member.joined, old)
