"""The admin action that sets chosen fields of many rows."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.auth.models import User as Account
from django.http import HttpResponse
from django.test import TestCase
from django_enmasse import post_bulk_update

from membership import sample
from membership.models import Customer, Profile, User

USERS = "/admin/membership/user/"


class BulkEdit(TestCase):
    """From the selection to the rows."""

    def setUp(self) -> None:
        sample.fill()
        Profile.objects.update(points=0)
        self.client.force_login(Account.objects.create_superuser("root"))

    def post(self, rows: list[Any], page: str = USERS, **data: Any) -> HttpResponse:
        """One step of the action for these rows."""
        selected = {"action": "bulk_edit", "_selected_action": [row.pk for row in rows]}
        return self.client.post(page, {**selected, **data})

    def test_the_action_is_offered(self) -> None:
        self.assertContains(self.client.get(USERS), "Update chosen fields of many rows")

    def test_it_asks_for_fields_and_values(self) -> None:
        page = self.post(list(User.objects.all()[:2]), index="0", select_across="0")
        self.assertContains(page, "2 rows are selected.")
        for name in ["country", "membership", "is_active", "last_login"]:
            self.assertContains(page, f'id="enmasse-set-{name}"')
        self.assertNotContains(page, 'id="enmasse-set-updated_at"')

    def test_the_preview_shows_before_and_after_and_writes_nothing(self) -> None:
        User.objects.without_signals().filter(name="Bo").update(membership="Premium")
        page = self.post(
            list(User.objects.all()),
            enmasse_fields=["membership", "country"],
            **{"enmasse-membership": "Premium", "enmasse-country": "CA", "enmasse_preview": "Preview"},
        )
        self.assertContains(page, "4 would change.")
        text = page.content.decode()
        self.assertIn('<span class="before">Free</span> &rarr; <span class="after">Premium</span>', text)
        self.assertIn('<span class="before">US</span> &rarr; <span class="after">CA</span>', text)
        self.assertNotIn("<th>Bo</th>", text)
        self.assertEqual(User.objects.filter(membership="Premium").count(), 1)

    def test_applying_writes_once_with_signals_and_a_log(self) -> None:
        batches: list[int] = []

        def hear(batch: Any, **kwargs: Any) -> None:
            batches.append(len(batch))

        before = User.objects.get(name="Ada").updated_at
        post_bulk_update.connect(hear, sender=User)
        try:
            page = self.post(
                list(User.objects.filter(country="US")),
                enmasse_fields=["membership", "is_active"],
                **{"enmasse-membership": "Premium", "enmasse_apply": "3"},
            )
        finally:
            post_bulk_update.disconnect(hear, sender=User)
        self.assertRedirects(page, USERS, fetch_redirect_response=False)
        self.assertEqual(batches, [3])
        self.assertEqual(User.objects.filter(membership="Premium", is_active=False, country="US").count(), 3)
        self.assertEqual(Profile.objects.filter(points=100).count(), 3)
        self.assertGreater(User.objects.get(name="Ada").updated_at, before)
        self.assertEqual(LogEntry.objects.count(), 3)
        self.assertEqual(LogEntry.objects.first().get_change_message(), "Changed membership and is active.")
        self.assertContains(self.client.get(USERS), "3 rows were updated.")

    def test_all_rows_of_a_filtered_page(self) -> None:
        one = User.objects.filter(country="US")[:1]
        page = self.post(
            list(one),
            USERS + "?country=US",
            select_across="1",
            enmasse_fields=["country"],
            **{"enmasse-country": "DE", "enmasse_apply": "3"},
        )
        self.assertEqual(page.status_code, 302)
        self.assertEqual(User.objects.filter(country="DE").count(), 4)
        self.assertEqual(LogEntry.objects.count(), 3)

    def test_a_selection_that_changed_since_the_preview_is_shown_again(self) -> None:
        page = self.post(
            list(User.objects.all()),
            enmasse_fields=["country"],
            **{"enmasse-country": "US", "enmasse_apply": "5"},
        )
        self.assertContains(page, "The rows have changed since the preview.")
        self.assertContains(page, "2 would change.")
        self.assertEqual(User.objects.filter(country="US").count(), 3)

    def test_values_are_cleaned_by_the_fields(self) -> None:
        for name, value, error in [
            ("country", "", "This field is required."),
            ("country", "long", "at most 2 characters"),
            ("membership", "Gold", "Select a valid choice"),
        ]:
            page = self.post(
                list(User.objects.all()),
                enmasse_fields=[name],
                **{f"enmasse-{name}": value, "enmasse_apply": "5"},
            )
            with self.subTest(value=value):
                self.assertContains(page, error)
                self.assertContains(page, "Preview")
        self.assertEqual(User.objects.filter(country="US").count(), 3)

    def test_an_empty_value_is_null_where_that_is_allowed(self) -> None:
        page = self.post(
            list(User.objects.all()),
            enmasse_fields=["last_login"],
            **{"enmasse-last_login_0": "", "enmasse-last_login_1": "", "enmasse_apply": "5"},
        )
        self.assertEqual(page.status_code, 302)
        self.assertEqual(User.objects.filter(last_login=None).count(), 5)

    def test_no_field_chosen(self) -> None:
        page = self.post(list(User.objects.all()), **{"enmasse-country": "DE", "enmasse_preview": "Preview"})
        self.assertContains(page, "Choose at least one field.")

    def test_fields_that_are_not_offered_are_not_written(self) -> None:
        page = self.post(
            list(User.objects.all()), enmasse_fields=["name"], **{"enmasse-name": "x", "enmasse_apply": "5"}
        )
        self.assertContains(page, "Choose at least one field.")
        self.assertFalse(User.objects.filter(name="x").exists())

    def test_a_chain_of_tables(self) -> None:
        page = self.post(
            list(Customer.objects.all()),
            "/admin/membership/customer/",
            enmasse_fields=["name", "level"],
            **{"enmasse-name": "n/a", "enmasse-level": "Free", "enmasse_apply": "4"},
        )
        self.assertEqual(page.status_code, 302)
        self.assertEqual(Customer.objects.filter(name="n/a", level="Free").count(), 4)

    def test_who_may_only_look_has_no_action(self) -> None:
        viewer = Account.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(
            Permission.objects.get(codename="view_user", content_type__app_label="membership")
        )
        self.client.force_login(viewer)
        self.assertNotContains(self.client.get(USERS), "Update chosen fields of many rows")
        self.post(
            list(User.objects.all()),
            enmasse_fields=["country"],
            **{"enmasse-country": "DE", "enmasse_apply": "4"},
        )
        self.assertEqual(User.objects.filter(country="US").count(), 3)
