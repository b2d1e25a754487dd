"""`BulkUpdateMixin`: an abstract model whose children have a manager with bulk updates.

class BaseUser(BulkUpdateMixin, models.Model): ...

class Customer(BaseUser):
    level = models.CharField(max_length=10)

Customer.objects.bulk_update(["level"], ["Free"], id__in=[1, 2, 3])
"""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.db import models

from django_enmasse.manager import BulkManager


class BulkUpdateMixin(models.Model):
    """Gives a model and all that inherit from it `BulkManager` as `objects`."""

    objects = BulkManager()

    class Meta:
        abstract = True

    @classmethod
    def check(cls, **kwargs: Any) -> list[checks.CheckMessage]:
        """Django's checks, and that the manager is still one for bulk updates."""
        messages: list[checks.CheckMessage] = super().check(**kwargs)
        manager = getattr(cls, "objects", None)
        if not isinstance(manager, BulkManager):
            messages.append(
                checks.Warning(
                    f"{cls.__name__} has BulkUpdateMixin, but its `objects` is not a BulkManager.",
                    hint="Extend BulkManager, or use BulkManager.from_queryset(...)().",
                    obj=cls,
                    id="enmasse.W010",
                )
            )
        return messages
