"""The app that projects install."""

from __future__ import annotations

from django.apps import AppConfig


class EnmasseConfig(AppConfig):
    """Registers the system checks and, where the settings ask for it, patches `QuerySet.bulk_update`."""

    name = "django_enmasse"
    verbose_name = "Enmasse"

    def ready(self) -> None:
        from django_enmasse import checks, patch

        checks.register()
        patch.apply_settings()
