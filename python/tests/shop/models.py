"""The models: each shape twice, for the engine (`…A`) and for Django (`…B`)."""

from __future__ import annotations

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from django_enmasse import BulkManager
from shop.fields import CentsField, PlainCharField, SecretField, StampField, UpperField

# Django's own method, whatever is patched afterwards.
django_bulk_update = models.QuerySet.bulk_update


class Level(models.TextChoices):
    """Levels of customers."""

    FREE = "free"
    GOLD = "gold"


class Rank(models.IntegerChoices):
    """Ranks of customers."""

    LOW = 1
    HIGH = 2


class Label(models.Model):
    """What others refer to, by its key and by its unique slug."""

    slug = models.SlugField(unique=True)


class EverythingFields(models.Model):
    """Each of Django's field types."""

    flag = models.BooleanField(null=True)
    small = models.SmallIntegerField(null=True)
    integer = models.IntegerField(null=True)
    big = models.BigIntegerField(null=True)
    positive_small = models.PositiveSmallIntegerField(null=True)
    positive = models.PositiveIntegerField(null=True)
    positive_big = models.PositiveBigIntegerField(null=True)
    real = models.FloatField(null=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    wide = models.DecimalField(max_digits=40, decimal_places=10, null=True)
    char = models.CharField(max_length=40, null=True)
    required = models.CharField(max_length=40, default="")
    unlimited = models.TextField(null=True)
    slug = models.SlugField(null=True)
    email = models.EmailField(null=True)
    url = models.URLField(null=True)
    file = models.FileField(null=True)
    path = models.FilePathField(null=True)
    day = models.DateField(null=True)
    clock = models.TimeField(null=True)
    moment = models.DateTimeField(null=True)
    span = models.DurationField(null=True)
    uuid = models.UUIDField(null=True)
    document = models.JSONField(null=True)
    encoded = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    data = models.BinaryField(null=True)
    address = models.GenericIPAddressField(null=True)
    address4 = models.GenericIPAddressField(protocol="IPv4", null=True)
    level = models.CharField(max_length=10, choices=Level, null=True)
    rank = models.IntegerField(choices=Rank, null=True)
    renamed = models.IntegerField(db_column="order é name", null=True)
    defaulted = models.IntegerField(db_default=7)
    secret = SecretField(null=True)
    upper = UpperField(max_length=40, null=True)
    plain = PlainCharField(max_length=40, null=True)
    cents = CentsField(null=True)
    stamp = StampField(null=True)
    label = models.ForeignKey(Label, models.CASCADE, null=True, related_name="+")
    by_slug = models.ForeignKey(Label, models.CASCADE, null=True, to_field="slug", related_name="+")
    computed = models.GeneratedField(
        expression=models.F("defaulted") + 0, output_field=models.IntegerField(), db_persist=True
    )
    created = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class EverythingA(EverythingFields):
    """For the engine."""


class EverythingB(EverythingFields):
    """For Django."""


class TextKeyFields(models.Model):
    """A text as the key."""

    code = models.CharField(max_length=40, primary_key=True)
    note = models.TextField(null=True)
    number = models.IntegerField(null=True)

    class Meta:
        abstract = True


class TextKeyA(TextKeyFields):
    """For the engine."""


class TextKeyB(TextKeyFields):
    """For Django."""


class UuidKeyFields(models.Model):
    """A UUID as the key."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4, db_column="the key")
    note = models.TextField(null=True)
    number = models.IntegerField(null=True)

    class Meta:
        abstract = True


class UuidKeyA(UuidKeyFields):
    """For the engine."""


class UuidKeyB(UuidKeyFields):
    """For Django."""


class CompositeFields(models.Model):
    """A key of two columns."""

    pk = models.CompositePrimaryKey("tenant", "number")
    tenant = models.CharField(max_length=10)
    number = models.IntegerField()
    note = models.TextField(null=True)
    points = models.IntegerField(null=True)

    class Meta:
        abstract = True


class CompositeA(CompositeFields):
    """For the engine."""


class CompositeB(CompositeFields):
    """For Django."""


class CentsKeyFields(models.Model):
    """A custom field as the key."""

    amount = CentsField(primary_key=True)
    note = models.TextField(null=True)
    number = models.IntegerField(null=True)

    class Meta:
        abstract = True


class CentsKeyA(CentsKeyFields):
    """For the engine."""


class CentsKeyB(CentsKeyFields):
    """For Django."""


class PlaceFields(models.Model):
    """The fields of the top of a chain."""

    name = models.CharField(max_length=40)
    visits = models.IntegerField(default=0)

    class Meta:
        abstract = True


class RestaurantFields(models.Model):
    """The fields of its child."""

    stars = models.IntegerField(null=True)
    menu = models.JSONField(null=True)

    class Meta:
        abstract = True


class PizzeriaFields(models.Model):
    """The fields of its grandchild."""

    oven = models.CharField(max_length=40, null=True)
    heat = models.FloatField(null=True)

    class Meta:
        abstract = True


class PlaceA(PlaceFields):
    """For the engine."""


class RestaurantA(RestaurantFields, PlaceA):
    """For the engine."""


class PizzeriaA(PizzeriaFields, RestaurantA):
    """For the engine: its link to its parent has a name of its own."""

    restaurant = models.OneToOneField(RestaurantA, models.CASCADE, parent_link=True, primary_key=True)


class PizzeriaProxyA(PizzeriaA):
    """For the engine: a proxy."""

    class Meta:
        proxy = True


class PlaceB(PlaceFields):
    """For Django."""


class RestaurantB(RestaurantFields, PlaceB):
    """For Django."""


class PizzeriaB(PizzeriaFields, RestaurantB):
    """For Django."""

    restaurant = models.OneToOneField(RestaurantB, models.CASCADE, parent_link=True, primary_key=True)


class PizzeriaProxyB(PizzeriaB):
    """For Django: a proxy."""

    class Meta:
        proxy = True


class BookFields(models.Model):
    """The fields of the first of two parents."""

    book_id = models.AutoField(primary_key=True)
    title = models.CharField(max_length=40)

    class Meta:
        abstract = True


class CafeFields(models.Model):
    """The fields of the second."""

    cafe_id = models.AutoField(primary_key=True)
    seats = models.IntegerField(null=True)

    class Meta:
        abstract = True


class BookA(BookFields):
    """For the engine."""


class CafeA(CafeFields):
    """For the engine."""


class BookCafeA(BookA, CafeA):
    """For the engine: two parents."""

    quiet = models.BooleanField(null=True)


class BookB(BookFields):
    """For Django."""


class CafeB(CafeFields):
    """For Django."""


class BookCafeB(BookB, CafeB):
    """For Django: two parents."""

    quiet = models.BooleanField(null=True)


class Elsewhere(models.Model):
    """What the router keeps in the database `other`."""

    name = models.CharField(max_length=40)

    objects = BulkManager()


class Account(models.Model):
    """A model with Enmasse's manager."""

    owner = models.CharField(max_length=40, unique=True)
    balance = models.IntegerField(default=0)
    touched = models.DateTimeField(auto_now=True)

    objects = BulkManager()
