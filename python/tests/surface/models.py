"""Models as the package's users write them: with its managers, its mixin, and chains of tables."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from django_enmasse import BulkManager, BulkQuerySet, BulkUpdateMixin


class Member(models.Model):
    """Someone with a profile."""

    name = models.CharField(max_length=40)
    country = models.CharField(max_length=2, default="US")
    points = models.IntegerField(default=0)
    touched = models.DateTimeField(auto_now=True)
    joined = models.DateTimeField(auto_now_add=True)

    objects = BulkManager()


class Profile(models.Model):
    """What receivers keep in step."""

    member = models.OneToOneField(Member, models.CASCADE)
    points = models.IntegerField(default=0)


class Ticket(models.Model):
    """Refers to a member, whose related manager adds and clears tickets."""

    member = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="tickets")
    title = models.CharField(max_length=40)
    day = models.DateField(auto_now=True)

    objects = BulkManager()

    class Meta:
        base_manager_name = "objects"


class Silent(models.Model):
    """No receiver hears it in most tests."""

    number = models.IntegerField(default=0)

    objects = BulkManager()


class Keyed(models.Model):
    """A key that the program gives."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.IntegerField(default=0)

    objects = BulkManager()


class Seat(models.Model):
    """A key of two columns."""

    pk = models.CompositePrimaryKey("room", "number")
    room = models.CharField(max_length=10)
    number = models.IntegerField()
    guest = models.CharField(max_length=40, default="")

    objects = BulkManager()


class BaseUser(BulkUpdateMixin, models.Model):
    """The top of a chain."""

    name = models.CharField(max_length=50)
    visits = models.IntegerField(default=0)
    changed = models.DateTimeField(auto_now=True)


class Customer(BaseUser):
    """Its own table has one field more."""

    level = models.CharField(max_length=10, default="Gold")


class Vip(Customer):
    """A grandchild."""

    lounge = models.CharField(max_length=20, default="")


class VipProxy(Vip):
    """A proxy of it."""

    class Meta:
        proxy = True


class Left(models.Model):
    """The first of two parents."""

    left_id = models.AutoField(primary_key=True)
    left = models.IntegerField(default=0)


class Right(models.Model):
    """The second, whose key is another."""

    right_id = models.AutoField(primary_key=True)
    right = models.IntegerField(default=0)


class Both(BulkUpdateMixin, Left, Right):
    """Two parents."""

    own = models.IntegerField(default=0)
    owner = models.ForeignKey(Member, models.SET_NULL, null=True)


class PlainQuerySet(models.QuerySet):
    """A QuerySet that knows nothing of Enmasse."""

    def americans(self) -> PlainQuerySet:
        """Those of the US."""
        return self.filter(country="US")


class UserQuerySet(BulkQuerySet):
    """A QuerySet of a project."""

    def inactive(self) -> UserQuerySet:
        """Those without points."""
        return self.filter(points=0)

    def promote(self) -> int:
        """Bulk logic with a name."""
        return self.update(points=models.F("points") + 1)


class Managed(models.Model):
    """One model, several managers."""

    country = models.CharField(max_length=2, default="US")
    points = models.IntegerField(default=0)

    objects = UserQuerySet.as_manager()
    plain = BulkManager.from_queryset(PlainQuerySet)()
    classic = models.Manager()

    def __str__(self) -> str:
        return f"{self.country} {self.points}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As Django's."""
        super().save(*args, **kwargs)
