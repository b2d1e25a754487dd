"""Keys and relations of every kind."""

import uuid

from django.conf import settings
from django.db import models


class Country(models.Model):
    code = models.CharField(max_length=2, unique=True)
    name = models.CharField(max_length=40)


class City(models.Model):
    name = models.CharField(max_length=40)
    country = models.ForeignKey(Country, models.PROTECT, to_field="code", related_name="cities")
    twin = models.ForeignKey("self", models.SET_NULL, null=True, related_name="twins")
    population = models.BigIntegerField(default=0)

    class Meta:
        unique_together = [("country", "name")]


class Label(models.Model):
    """With a key of text."""

    name = models.CharField(max_length=20, primary_key=True)


class Session(models.Model):
    """With a UUID as its key, and labels."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sessions")
    hits = models.IntegerField(default=0)
    labels = models.ManyToManyField(Label, related_name="sessions")


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    city = models.ForeignKey(City, models.SET_NULL, null=True, db_column="home", related_name="profiles")
    points = models.IntegerField(default=0)
    membership = models.CharField(max_length=10, default="free")


class Stock(models.Model):
    """With a composite key."""

    pk = models.CompositePrimaryKey("warehouse", "city_id")
    warehouse = models.CharField(max_length=10)
    city = models.ForeignKey(City, models.CASCADE, related_name="stock")
    amount = models.IntegerField()
