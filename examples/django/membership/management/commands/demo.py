"""Prints each of the four ways, the SQL that it becomes, and the rows that it leaves."""

from __future__ import annotations

import inspect
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.test.utils import CaptureQueriesContext

from membership import sample
from membership.models import Customer, Profile, User
from membership.ways import WAYS


class Command(BaseCommand):
    """`manage.py demo`."""

    help = "Shows the four ways to update many rows at once, and their SQL."

    def handle(self, *args: Any, **options: Any) -> None:
        """Makes the tables and the rows, and runs each way."""
        call_command("migrate", verbosity=0)
        sample.fill()
        self.rows()
        for way in WAYS:
            source = inspect.getsource(way).split('"""', 2)
            self.stdout.write("\n" + self.style.MIGRATE_HEADING(source[1]))
            self.stdout.write(source[2].strip("\n"))
            with CaptureQueriesContext(connection) as queries:
                rows = way()
            for query in queries:
                self.stdout.write(self.style.SQL_KEYWORD(f"  {query['sql']}"))
            self.stdout.write(f"  {rows} rows")
            self.rows()

    def rows(self) -> None:
        """Prints the tables."""
        points = dict(Profile.objects.values_list("user_id", "points"))
        for user in User.objects.order_by("pk"):
            active = "active" if user.is_active else "inactive"
            line = (
                f"    {user.name:5} {user.country}  {user.membership:8} {active:9} {points[user.pk]:4} points"
            )
            self.stdout.write(line)
        customers = ", ".join(f"{row.name} {row.level}" for row in Customer.objects.order_by("pk"))
        self.stdout.write(f"    customers: {customers}")
