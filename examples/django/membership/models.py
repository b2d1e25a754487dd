"""Users with a profile, and customers, whose fields are in two tables."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django_enmasse import BulkManager, BulkUpdateMixin


class UserManager(BulkManager):
    """Bulk logic, named once."""

    def upgrade_inactive_users(self, days_inactive: int) -> int:
        """Upgrades the users whose last login is at least `days_inactive` days ago to Premium."""
        cutoff = timezone.now() - timedelta(days=days_inactive)
        return self.filter(last_login__lte=cutoff).update(membership="Premium")


class User(models.Model):
    """A user of the club."""

    name = models.CharField(max_length=40)
    country = models.CharField(max_length=2)
    membership = models.CharField(
        max_length=10, default="Free", choices=[("Free", "Free"), ("Premium", "Premium")]
    )
    is_active = models.BooleanField(default=True)
    last_login = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UserManager()

    def __str__(self) -> str:
        return self.name


class Profile(models.Model):
    """The points of a user."""

    user = models.OneToOneField(User, on_delete=models.CASCADE)
    points = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user}: {self.points}"


class BaseUser(BulkUpdateMixin, models.Model):
    """What all who pay have: a table of its own …"""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Customer(BaseUser):
    """… and one that adds to it: a customer has a row in each."""

    level = models.CharField(max_length=10)
