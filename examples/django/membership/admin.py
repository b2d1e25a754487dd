"""The pages of the admin."""

from __future__ import annotations

from django.contrib import admin
from django_enmasse.admin import BulkEditMixin

from membership.models import Customer, Profile, User


@admin.register(User)
class UserAdmin(BulkEditMixin, admin.ModelAdmin):
    """Users, many of which can be edited at once."""

    list_display = ["name", "country", "membership", "is_active", "last_login"]
    list_filter = ["country", "membership", "is_active"]
    bulk_edit_fields = ["country", "membership", "is_active", "last_login"]


@admin.register(Customer)
class CustomerAdmin(BulkEditMixin, admin.ModelAdmin):
    """Customers, whose fields are in two tables."""

    list_display = ["name", "level"]


admin.site.register(Profile)
