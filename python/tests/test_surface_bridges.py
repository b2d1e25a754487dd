"""django-simple-history, django-import-export, and migrations."""

from __future__ import annotations

from typing import Any
from unittest import mock

import tablib
from bridges.models import Poll
from django.apps import apps
from django.contrib.auth.models import User as Account
from django.db import NotSupportedError, connection, migrations
from django.db.migrations.state import ProjectState
from django.test import TestCase, TransactionTestCase, override_settings
from django.test.utils import CaptureQueriesContext
from import_export import resources
from simple_history.models import HistoricalRecords
from surface.models import Managed, Member

from django_enmasse import BulkQuerySet
from django_enmasse.import_export import BulkImportMixin
from django_enmasse.simple_history import change_reason, record_bulk_history, stop_bulk_history

COUNT = 150


class History(TestCase):
    """One statement for the history of a write."""

    def setUp(self) -> None:
        self.member = Member.objects.create(name="m")
        polls = [Poll(pk=at, question=f"q{at}", member=self.member) for at in range(1, COUNT + 1)]
        Poll.objects.bulk_create(polls)
        record_bulk_history(Poll)
        self.addCleanup(stop_bulk_history, Poll)

    def history(self) -> list[Any]:
        """What is recorded."""
        return list(Poll.history.order_by("id", "history_id"))

    def test_update(self) -> None:
        with CaptureQueriesContext(connection) as queries, change_reason("import"):
            self.assertEqual(Poll.objects.filter(pk__gt=1).update(votes=7, question="%s"), COUNT - 1)
        inserts = [query["sql"] for query in queries if "historicalpoll" in query["sql"]]
        self.assertEqual(len(inserts), 1)
        rows = self.history()
        self.assertEqual([row.id for row in rows], list(range(2, COUNT + 1)))
        for row in rows:
            self.assertEqual((row.votes, row.question, row.member_id), (7, "%s", self.member.pk))
            self.assertEqual(
                (row.history_type, row.history_change_reason, row.history_user_id), ("~", "import", None)
            )
            self.assertEqual(row.changed, Poll.objects.get(pk=row.id).changed) if row.id < 4 else None
        self.assertEqual(rows[0].instance.votes, 7)

    def test_bulk_update(self) -> None:
        polls = list(Poll.objects.order_by("pk"))
        for poll in polls:
            poll.votes = poll.pk
        Poll.objects.bulk_update(polls, ["votes"])
        self.assertEqual([row.votes for row in self.history()], list(range(1, COUNT + 1)))

    def test_bulk_create_and_delete(self) -> None:
        Poll.objects.bulk_create([Poll(pk=999, question="new")])
        Poll.objects.filter(pk__in=[1, 999]).delete()
        rows = [(row.id, row.history_type, row.question) for row in self.history()]
        # django-simple-history records the deletion of each object itself, where Django sends post_delete.
        self.assertEqual([row for row in rows if row[1] == "+"], [(999, "+", "new")])
        self.assertIn((1, "-", "q1"), rows)
        self.assertIn((999, "-", "new"), rows)
        self.assertEqual(len(rows), 3)

    def test_the_user_of_the_request(self) -> None:
        user = Account.objects.create_user("u")
        request = mock.Mock(user=user)
        HistoricalRecords.context.request = request
        try:
            Poll.objects.filter(pk=1).update(votes=1)
        finally:
            del HistoricalRecords.context.request
        self.assertEqual(self.history()[0].history_user, user)

    def test_what_one_statement_cannot_say_is_refused(self) -> None:
        poll = Poll.objects.get(pk=1)
        poll._history_user = Account.objects.create_user("u")
        with self.assertRaises(NotSupportedError):
            Poll.objects.bulk_update([poll], ["votes"])

    @override_settings(SIMPLE_HISTORY_ENABLED=False)
    def test_a_history_that_is_off(self) -> None:
        Poll.objects.update(votes=1)
        self.assertEqual(self.history(), [])


class MemberResource(BulkImportMixin, resources.ModelResource):
    """Members of a file."""

    class Meta:
        model = Managed
        use_bulk = True
        batch_size = 4
        fields = ("id", "country", "points")


class Import(TestCase):
    """A file that django-import-export reads."""

    def setUp(self) -> None:
        for at in range(1, 11):
            Managed.objects.create(pk=at)
        self.rows = tablib.Dataset(
            *((at, "DE", at) for at in range(1, 11)), headers=["id", "country", "points"]
        )

    def test_rows_are_written_by_the_engine(self) -> None:
        calls: list[int] = []
        write = BulkQuerySet.bulk_update

        def count(query_set: Any, objs: Any, fields: Any, **options: Any) -> int:
            calls.append(len(objs))
            return write(query_set, objs, fields, **options)

        with mock.patch.object(BulkQuerySet, "bulk_update", count):
            result = MemberResource().import_data(self.rows, raise_errors=True)
        self.assertEqual(calls, [4, 4, 2])
        self.assertEqual(result.totals["update"], 10)
        self.assertEqual(
            list(Managed.objects.order_by("pk").values_list("points", flat=True)), list(range(1, 11))
        )

    def test_a_dry_run_writes_nothing(self) -> None:
        MemberResource().import_data(self.rows, dry_run=True, raise_errors=True)
        self.assertFalse(Managed.objects.filter(country="DE").exists())

    def test_an_error_is_reported_as_the_package_does(self) -> None:
        rows = tablib.Dataset((1, "DE", 2**70), headers=["id", "country", "points"])
        result = MemberResource().import_data(rows)
        self.assertTrue(result.has_errors())
        self.assertFalse(Managed.objects.exclude(country="US").exists())


class Migrations(TransactionTestCase):
    """`RunPython`, whose models have Django's plain managers."""

    def test_run_python(self) -> None:
        for at in range(1, 11):
            Managed.objects.create(pk=at)

        def forwards(models: Any, schema_editor: Any) -> None:
            model = models.get_model("surface", "Managed")
            rows = list(BulkQuerySet(model, using=schema_editor.connection.alias))
            for row in rows:
                row.points = row.pk
            assert (
                BulkQuerySet(model, using=schema_editor.connection.alias).bulk_update(rows, ["points"]) == 10
            )

        operation = migrations.RunPython(forwards, migrations.RunPython.noop)
        state = ProjectState.from_apps(apps)
        with connection.schema_editor() as editor:
            operation.database_forwards("surface", editor, state, state)
        self.assertEqual(
            list(Managed.objects.order_by("pk").values_list("points", flat=True)), list(range(1, 11))
        )
