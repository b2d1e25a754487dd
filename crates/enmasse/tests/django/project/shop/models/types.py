"""Every type of field."""

from decimal import Decimal

from django.db import models


class Level(models.TextChoices):
    FREE = "free"
    GOLD = "gold!"


class Rank(models.IntegerChoices):
    LOW = -1
    HIGH = 100_000


class Everything(models.Model):
    char = models.CharField(max_length=60, null=True)
    text = models.TextField(null=True)
    slug = models.SlugField(null=True)
    email = models.EmailField(null=True)
    url = models.URLField(null=True)
    flag = models.BooleanField(null=True)
    small = models.SmallIntegerField(null=True)
    integer = models.IntegerField(null=True)
    big = models.BigIntegerField(null=True)
    positive_small = models.PositiveSmallIntegerField(null=True)
    positive = models.PositiveIntegerField(null=True)
    positive_big = models.PositiveBigIntegerField(null=True)
    real = models.FloatField(null=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    wide = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    day = models.DateField(null=True)
    clock = models.TimeField(null=True)
    moment = models.DateTimeField(null=True)
    span = models.DurationField(null=True)
    uuid = models.UUIDField(null=True)
    document = models.JSONField(null=True)
    data = models.BinaryField(null=True)
    level = models.CharField(max_length=10, choices=Level, null=True)
    rank = models.IntegerField(choices=Rank, null=True)
    address = models.GenericIPAddressField(null=True)


class Product(models.Model):
    """Of every type, with neither NULL nor Django's names for the columns."""

    name = models.CharField(max_length=60, unique=True, db_column="Name of it")
    slug = models.SlugField(unique=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal("9.99"), db_column="order")
    quantity = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True, db_column="IsActive")
    weight = models.FloatField()
    details = models.JSONField(default=dict)
    picture = models.BinaryField(default=b"")
    released = models.DateField()
    opens = models.TimeField()
    keeps = models.DurationField()
    token = models.UUIDField()
    seen = models.DateTimeField()
    level = models.CharField(max_length=10, choices=Level, default=Level.FREE)
    value = models.GeneratedField(
        expression=models.F("price") * models.F("quantity"),
        output_field=models.DecimalField(max_digits=30, decimal_places=2),
        db_persist=True,
    )
