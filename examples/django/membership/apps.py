"""The app of the example."""

from django.apps import AppConfig


class MembershipConfig(AppConfig):
    """Connects the receivers."""

    name = "membership"

    def ready(self) -> None:
        from membership import receivers  # noqa: F401
