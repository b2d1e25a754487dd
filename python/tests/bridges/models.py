"""A model with a history."""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords
from surface.models import Member

from django_enmasse import BulkManager


class Poll(models.Model):
    """Its history is kept by django-simple-history."""

    question = models.CharField(max_length=40, db_column="the question")
    votes = models.IntegerField(default=0)
    member = models.ForeignKey(Member, models.SET_NULL, null=True)
    changed = models.DateTimeField(auto_now=True)

    objects = BulkManager()
    history = HistoricalRecords()
