"""Models with PostgreSQL's own types, each twice as in `shop.models`."""

from __future__ import annotations

from django.contrib.postgres import fields
from django.db import models


class PostgresFields(models.Model):
    """PostgreSQL's own types."""

    numbers = fields.ArrayField(models.IntegerField(), null=True)
    words = fields.ArrayField(models.CharField(max_length=40, null=True), null=True)
    pairs = fields.ArrayField(
        fields.ArrayField(models.DecimalField(max_digits=8, decimal_places=2)), null=True
    )
    range = fields.IntegerRangeField(null=True)
    period = fields.DateTimeRangeField(null=True)
    days = fields.DateRangeField(null=True)
    prices = fields.DecimalRangeField(null=True)
    store = fields.HStoreField(null=True)
    number = models.IntegerField(null=True)

    class Meta:
        abstract = True


class PostgresA(PostgresFields):
    """For the engine."""


class PostgresB(PostgresFields):
    """For Django."""
