"""The rows of the example."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from membership.models import BaseUser, Customer, Profile, User


def fill() -> None:
    """Replaces all rows."""
    for model in [User, BaseUser]:
        model.objects.all().delete()
    now = timezone.now()
    people = [("Ada", "US", 60), ("Bo", "CA", 90), ("Cem", "US", 2), ("Dana", "DE", 45), ("Eli", "US", 1)]
    for name, country, days in people:
        user = User(name=name, country=country, last_login=now - timedelta(days=days))
        user.save()
        Profile.objects.create(user=user)
    for pk, name in enumerate(["Ann", "Ben", "Cleo", "Dov"], 1):
        Customer.objects.create(pk=pk, name=name, level="Gold")
