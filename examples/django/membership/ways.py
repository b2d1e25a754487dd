"""The four ways to update many rows at once."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from membership.models import Customer, User


def deactivate_inactive_users() -> int:
    """1. QuerySets: one statement, whatever the number of rows."""
    month_ago = timezone.now() - timedelta(days=30)
    return User.objects.filter(last_login__lte=month_ago).update(is_active=False)


def make_americans_premium() -> int:
    """2. Signals: the receivers hear this too, once for all rows."""
    return User.objects.filter(country="US").update(membership="Premium")


def make_customers_free() -> int:
    """3. `BulkUpdateMixin`: fields of the whole chain of tables, each in the table that has it."""
    return Customer.objects.bulk_update(['level'], ['Free'], id__in=[1, 2, 3])


def rename_customers() -> int:
    """… and by its unambiguous name, with a field of each table."""
    return Customer.objects.bulk_update_where(["level", "name"], ["Gold", "n/a"], id__in=[2, 3])


def upgrade_inactive_users() -> int:
    """4. Custom managers."""
    return User.objects.upgrade_inactive_users(days_inactive=30)


def rename_everyone() -> int:
    """Besides: objects that each carry values of their own."""
    users = list(User.objects.all())
    for user in users:
        user.name = user.name.upper()
    return User.objects.bulk_update(users, ["name"])


WAYS = [
    deactivate_inactive_users,
    make_americans_premium,
    make_customers_free,
    rename_customers,
    upgrade_inactive_users,
    rename_everyone,
]
