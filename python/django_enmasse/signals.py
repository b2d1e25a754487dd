"""Signals of bulk writes: sent once a write, in its transaction, with the whole set of its rows.

    @receiver(post_bulk_update, sender=User)
    def reward(sender, batch, using, kind, fields, created, **kwargs):
        Profile.objects.using(using).filter(user__in=batch.pks()).update(points=F("points") + 100)

A write that matches no row sends nothing. A write to a model that extends another sends for that model only,
and a proxy sends as itself. An exception of a receiver undoes the write. Without a receiver no statement is
added.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model
from django.db.models.signals import ModelSignal, post_save
from django.dispatch import Signal
from django.dispatch.dispatcher import _make_id  # type: ignore[attr-defined]

KINDS = ("bulk_update", "update", "bulk_create", "delete")


class BulkSignal(ModelSignal):
    """A signal of bulk writes. Its receivers can ask for the values that the rows had before the write."""

    def __init__(self) -> None:
        super().__init__(use_caching=True)
        self._old: dict[tuple[Any, Any], tuple[str, ...] | bool] = {}

    def connect(
        self,
        receiver: Callable[..., Any],
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Any = None,
        apps: Any = None,
        old: Iterable[str] | bool = False,
    ) -> None:
        """Connects as Django's signals do.

        `old` has the rows' values of these fields kept until the receivers were called: `batch.changes()`
        gives them. `True` stands for the fields that the write sets.
        """
        kept = old if isinstance(old, bool) else tuple(old)

        def connect_to(receiver: Callable[..., Any], sender: Any) -> None:
            Signal.connect(self, receiver, sender, weak=weak, dispatch_uid=dispatch_uid)
            key = self._key(receiver, sender, dispatch_uid)
            if kept:
                self._old[key] = kept
                if weak and not hasattr(receiver, "__self__"):
                    # The key is of an address, which another receiver may have later.
                    weakref.finalize(receiver, self._old.pop, key, None)

        self._lazy_method(connect_to, apps, receiver, sender)  # type: ignore[attr-defined]

    def disconnect(  # type: ignore[override]
        self,
        receiver: Callable[..., Any] | None = None,
        sender: Any = None,
        dispatch_uid: Any = None,
        apps: Any = None,
    ) -> bool | None:
        """Disconnects as Django's signals do. Says whether the receiver was connected."""

        def disconnect_from(receiver: Callable[..., Any] | None, sender: Any) -> bool:
            self._old.pop(self._key(receiver, sender, dispatch_uid), None)
            return bool(Signal.disconnect(self, receiver, sender, dispatch_uid=dispatch_uid))

        disconnect: Any = self._lazy_method  # type: ignore[attr-defined]
        disconnected: bool | None = disconnect(disconnect_from, apps, receiver, sender)
        return disconnected

    def old_fields(self, sender: type[Model], written: Iterable[str]) -> set[str]:
        """The fields whose values before the write are asked for by receivers of this sender."""
        names: set[str] = set()
        for (_, sender_id), kept in self._old.items():
            if sender_id in (_make_id(sender), _make_id(None)):
                names.update(written if isinstance(kept, bool) else kept)
        return names

    @staticmethod
    def _key(receiver: Any, sender: Any, dispatch_uid: Any) -> tuple[Any, Any]:
        return (dispatch_uid or _make_id(receiver), _make_id(sender))


pre_bulk_update = BulkSignal()
post_bulk_update = BulkSignal()


def heard(model: type[Model]) -> bool:
    """Whether a receiver hears bulk writes of the model."""
    return pre_bulk_update.has_listeners(model) or post_bulk_update.has_listeners(model)


def send_save_signals(model: type[Model] | str) -> None:
    """Has `post_save` sent for each object of a `bulk_update` of the model whose row was there, after its
    values were written.

    It is for receivers of `post_save` that are to hear bulk updates too. Their cost is paid for each object.
    """
    post_bulk_update.connect(_send_post_save, sender=model, dispatch_uid="django_enmasse.send_save_signals")


def stop_save_signals(model: type[Model] | str) -> None:
    """Undoes `send_save_signals`."""
    post_bulk_update.disconnect(sender=model, dispatch_uid="django_enmasse.send_save_signals")


def _send_post_save(
    sender: type[Model], batch: Any, using: str, kind: str, fields: tuple[str, ...], **kwargs: Any
) -> None:
    if kind != "bulk_update" or not post_save.has_listeners(sender):
        return
    written = frozenset(fields)
    for instance in batch.written_objects():
        post_save.send(
            sender=sender, instance=instance, created=False, raw=False, using=using, update_fields=written
        )
