"""Each time users are saved, the points of their profiles are added in one query: for one user, and for a
bulk write.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.signals import post_save
from django.dispatch import receiver
from django_enmasse import Batch, post_bulk_update

from membership.models import Profile, User


@receiver(post_save, sender=User)
def reward_user(sender: type[User], instance: User, **kwargs: Any) -> None:
    """One user was saved."""
    Profile.objects.filter(user=instance).update(points=F("points") + 100)


@receiver(post_bulk_update, sender=User)
def reward_users(sender: type[User], batch: Batch, using: str, **kwargs: Any) -> None:
    """Many were: by update, bulk_update or bulk_create. Their keys stay in the database."""
    if batch.kind != "delete":
        Profile.objects.using(using).filter(user__in=batch.pks()).update(points=F("points") + 100)
