"""What the example says is so."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.test import TestCase, TransactionTestCase
from django.utils import timezone

from membership import sample, ways
from membership.models import Customer, Profile, User


class FourWays(TestCase):
    """Each way does what it says."""

    def setUp(self) -> None:
        sample.fill()
        Profile.objects.update(points=0)

    def points(self) -> dict[str, int]:
        """The points of each user."""
        return dict(Profile.objects.values_list("user__name", "points"))

    def test_query_sets(self) -> None:
        long_ago = timezone.now() - timedelta(days=1000)
        with self.captureOnCommitCallbacks():
            User.objects.without_signals().update(updated_at=long_ago)
        self.assertEqual(ways.deactivate_inactive_users(), 3)
        inactive = User.objects.filter(is_active=False)
        self.assertEqual(set(inactive.values_list("name", flat=True)), {"Ada", "Bo", "Dana"})
        self.assertFalse(inactive.filter(updated_at=long_ago).exists())
        self.assertEqual(User.objects.filter(updated_at=long_ago).count(), 2)

    def test_signals(self) -> None:
        self.assertEqual(ways.make_americans_premium(), 3)
        self.assertEqual(self.points(), {"Ada": 100, "Bo": 0, "Cem": 100, "Dana": 0, "Eli": 100})
        User.objects.get(name="Bo").save()
        self.assertEqual(self.points()["Bo"], 100)
        ways.rename_everyone()
        self.assertEqual(
            set(self.points().items()), {("ADA", 200), ("BO", 200), ("CEM", 200), ("DANA", 100), ("ELI", 200)}
        )

    def test_the_mixin(self) -> None:
        self.assertEqual(ways.make_customers_free(), 3)
        self.assertEqual(
            list(Customer.objects.order_by("pk").values_list("level", flat=True)), ["Free"] * 3 + ["Gold"]
        )
        self.assertEqual(ways.rename_customers(), 2)
        self.assertEqual(
            list(Customer.objects.order_by("pk").values_list("name", "level"))[1], ("n/a", "Gold")
        )

    def test_managers(self) -> None:
        self.assertEqual(ways.upgrade_inactive_users(), 3)
        self.assertEqual(User.objects.filter(membership="Premium").count(), 3)


class Demo(TransactionTestCase):
    """The command that the README names."""

    def test_it_prints_calls_sql_and_rows(self) -> None:
        output = StringIO()
        call_command("demo", stdout=output, no_color=True)
        self.assertIn(
            "Customer.objects.bulk_update(['level'], ['Free'], id__in=[1, 2, 3])", output.getvalue()
        )
        self.assertIn('UPDATE "membership_profile"', output.getvalue())
        self.assertIn("customers: Ann Free, n/a Gold, n/a Gold, Dov Gold", output.getvalue())
