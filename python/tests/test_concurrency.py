"""Many writers at once: threads, ASGI, requests, pools, routers; execute wrappers; all or nothing."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.db import IntegrityError, connection, connections, transaction
from django.test import AsyncClient, Client, TransactionTestCase, skipUnlessDBFeature
from shop.models import Account, Elsewhere
from shop.views import add


def accounts(count: int) -> list[Account]:
    """New accounts."""
    Account.objects.bulk_create(Account(owner=f"owner {number}") for number in range(count))
    # MySQL does not return the keys.
    return list(Account.objects.order_by("pk"))


def balances() -> list[int]:
    """What is stored, by key."""
    return list(Account.objects.order_by("pk").values_list("balance", flat=True))


class Concurrency(TransactionTestCase):
    """Writers beside each other."""

    databases = {"default", "other"}

    def in_threads(self, work: Any, threads: int = 8) -> None:
        """Runs the work in threads, each with the connection of its own, and raises what it raises."""
        barrier = threading.Barrier(threads)

        def run(number: int) -> None:
            try:
                connection.ensure_connection()
                barrier.wait(30)
                work(number)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, range(threads)))

    def test_opposed_bulk_updates_do_not_deadlock(self) -> None:
        """Eight threads write the same rows, half of them backwards: the rows are of one writer."""
        for count in (10, 400):
            Account.objects.all().delete()
            made = accounts(count)
            keys = [account.pk for account in made]

            def write(number: int, keys: list[int] = keys) -> None:
                ordered = keys if number % 2 else keys[::-1]
                for turn in range(5):
                    rows = [Account(pk=key, balance=number * 100 + turn) for key in ordered]
                    self.assertEqual(Account.objects.bulk_update(rows, ["balance"]), len(keys))

            self.in_threads(write)
            self.assertEqual(len(set(balances())), 1, "rows of several writers")

    def test_writers_of_other_rows_go_on(self) -> None:
        """Threads write rows of their own, in transactions of their own; nothing is mixed up."""
        made = accounts(160)

        def write(number: int) -> None:
            mine = [Account(pk=account.pk, balance=number + 1) for account in made[number::8]]
            with transaction.atomic():
                self.assertEqual(Account.objects.bulk_update(mine, ["balance"]), 20)

        self.in_threads(write)
        self.assertEqual(balances(), [index % 8 + 1 for index in range(160)])

    def test_coroutines(self) -> None:
        """`abulk_update` of many coroutines: each writes its rows."""
        made = accounts(40)

        async def write(number: int) -> int:
            mine = [Account(pk=account.pk, balance=number + 1) for account in made[number::4]]
            return await Account.objects.abulk_update(mine, ["balance"])

        async def all_of_them() -> list[int]:
            try:
                return await asyncio.gather(*(write(number) for number in range(4)))
            finally:
                # Django's calls ran on a thread of their own, with a connection of its own.
                await sync_to_async(connections.close_all)()

        self.assertEqual(asyncio.run(all_of_them()), [10] * 4)
        self.assertEqual(balances(), [index % 4 + 1 for index in range(40)])

    def test_asgi(self) -> None:
        """An asynchronous view."""
        accounts(20)

        async def ask() -> Any:
            try:
                return await AsyncClient().get("/apay/")
            finally:
                await sync_to_async(connections.close_all)()

        self.assertEqual(asyncio.run(ask()).json(), {"matched": 20})
        self.assertEqual(balances(), [1] * 20)

    def test_atomic_requests(self) -> None:
        """With ATOMIC_REQUESTS a view that fails leaves nothing, and one that does not leaves all."""
        accounts(20)
        connection.settings_dict["ATOMIC_REQUESTS"] = True
        try:
            self.assertEqual(Client().get("/pay/").json(), {"matched": 20})
            with self.assertRaises(ValueError):
                Client().get("/fail/")
        finally:
            connection.settings_dict["ATOMIC_REQUESTS"] = False
        self.assertEqual(balances(), [1] * 20)

    def test_persistent_connections(self) -> None:
        """The same connection serves many calls, and one that was closed in between is opened again."""
        made = accounts(300)
        for turn in range(1, 6):
            self.assertEqual(Account.objects.bulk_update(add(made, 1), ["balance"]), 300)
            if turn == 3:
                connection.close()
        self.assertEqual(balances(), [5] * 300)

    def test_a_router_and_two_databases(self) -> None:
        """Each write goes to the database of its model, also by an explicit `using`."""
        Elsewhere.objects.bulk_create(Elsewhere(name=f"{number}") for number in range(200))
        there = list(Elsewhere.objects.order_by("pk"))
        for row in there:
            row.name = f"new {row.name}"
        self.assertEqual(Elsewhere.objects.bulk_update(there, ["name"]), 200)
        self.assertEqual(Elsewhere.objects.using("other").filter(name__startswith="new").count(), 200)
        self.assertEqual(Elsewhere.objects.using("default").bulk_update(there, ["name"]), 0)

    def test_a_pool(self) -> None:
        """Psycopg's pool hands connections from thread to thread."""
        if connection.vendor != "postgresql" or connection.Database.__name__ != "psycopg":
            self.skipTest("psycopg 3 only")
        made = accounts(160)
        connection.close()
        # Threads make their connections from the same settings.
        options = connection.settings_dict["OPTIONS"]
        options["pool"] = {"min_size": 1, "max_size": 3, "timeout": 30}
        try:

            def write(number: int) -> None:
                for turn in range(1, 4):
                    mine = [Account(pk=account.pk, balance=turn) for account in made[number::8]]
                    self.assertEqual(Account.objects.bulk_update(mine, ["balance"]), 20)
                    connection.close()

            # More threads than connections: none waits for all of the others.
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(write, range(8)))
        finally:
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]
            del options["pool"]
        self.assertEqual(balances(), [3] * 160)

    def test_execute_wrappers_see_every_statement(self) -> None:
        """What writes rows is seen, also COPY and LOAD DATA; a wrapper that refuses prevents the write."""
        for count in (10, 3000):
            Account.objects.all().delete()
            made = add(accounts(count), 1)
            seen: list[str] = []

            def watch(
                execute: Any, sql: str, params: Any, many: bool, context: Any, seen: list[str] = seen
            ) -> Any:
                seen.append(sql)
                return execute(sql, params, many, context)

            with connection.execute_wrapper(watch):
                Account.objects.bulk_update(made, ["balance"])
            self.assertTrue(any("UPDATE" in sql.upper() for sql in seen), seen)

            def refuse(*_: Any) -> Any:
                raise PermissionError("no statements here")

            with self.assertRaises(PermissionError), connection.execute_wrapper(refuse):
                Account.objects.bulk_update(add(made, 1), ["balance"])
            self.assertEqual(set(balances()), {1})


class Atomicity(TransactionTestCase):
    """All or nothing."""

    def test_a_failure_in_the_last_row(self) -> None:
        """A value that cannot be written in the last row undoes all."""
        for count in (5, 500):
            Account.objects.all().delete()
            made = add(accounts(count), 1)
            made[-1].balance = "x"  # type: ignore[assignment]
            with self.assertRaises(ValueError):
                Account.objects.bulk_update(made, ["balance"])
            self.assertEqual(set(balances()), {0})
            with self.assertRaises(ValueError):
                Account.objects.bulk_update((row for row in made), ["balance"])
            self.assertEqual(set(balances()), {0})

    def test_an_integrity_error_in_the_middle(self) -> None:
        """A unique value that is taken undoes all; an outer transaction goes on behind a savepoint."""
        for count in (5, 500):
            Account.objects.all().delete()
            made = accounts(count)
            owner = made[0].owner
            for row in made:
                row.balance = 7
            made[count // 2].owner = owner
            with self.assertRaises(IntegrityError):
                Account.objects.bulk_update(made, ["owner", "balance"])
            self.assertEqual(set(balances()), {0})
            with transaction.atomic():
                Account.objects.filter(pk=made[-1].pk).update(balance=1)
                with self.assertRaises(IntegrityError), transaction.atomic():
                    Account.objects.bulk_update(made, ["owner", "balance"])
                self.assertEqual(sum(balances()), 1)
            self.assertEqual(sum(balances()), 1)

    def test_a_rollback_of_the_outer_transaction(self) -> None:
        """What the engine wrote goes with the transaction that it was in."""
        for count in (5, 500):
            Account.objects.all().delete()
            made = add(accounts(count), 1)
            with self.assertRaises(ZeroDivisionError), transaction.atomic():
                self.assertEqual(Account.objects.bulk_update(made, ["balance"]), count)
                raise ZeroDivisionError
            self.assertEqual(set(balances()), {0})

    def test_an_iterable_that_fails(self) -> None:
        """Rows that were read before the failure are not written."""
        made = add(accounts(1000), 1)

        def failing() -> Any:
            yield from made[:900]
            raise RuntimeError("the source is gone")

        with self.assertRaisesMessage(RuntimeError, "the source is gone"):
            Account.objects.bulk_update(failing(), ["balance"])
        self.assertEqual(set(balances()), {0})

    @skipUnlessDBFeature("uses_savepoints")
    def test_autocommit_off(self) -> None:
        """Without autocommit nothing is committed by the engine."""
        made = add(accounts(200), 1)
        transaction.set_autocommit(False)
        try:
            self.assertEqual(Account.objects.bulk_update(made, ["balance"]), 200)
            transaction.rollback()
        finally:
            transaction.set_autocommit(True)
        self.assertEqual(set(balances()), {0})
