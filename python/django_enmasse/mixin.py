"""`BulkUpdateMixin`: an abstract model whose children have a manager with bulk updates.

class BaseUser(BulkUpdateMixin, models.Model): ...

class Customer(BaseUser):
    level = models.CharField(max_length=10)

Customer.objects.bulk_update(["level"], ["Free"], id__in=[1, 2, 3])
"""

from __future__ import annotations

from django.db import models

from django_enmasse.manager import BulkManager


class BulkUpdateMixin(models.Model):
    """Gives a model and all that inherit from it `BulkManager` as `objects`."""

    objects = BulkManager()

    class Meta:
        abstract = True
