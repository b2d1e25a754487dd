"""An action of the admin that sets chosen fields of many rows, after a preview of what would change.

@admin.register(User)
class UserAdmin(BulkEditMixin, admin.ModelAdmin):
    bulk_edit_fields = ["country", "membership"]      # default: all that can be edited
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import display_for_field, display_for_value
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import router, transaction
from django.db.models import Field, FileField, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from django_enmasse.keys import KeyTable
from django_enmasse.query_set import BulkQuerySet

CHOSEN = "enmasse_fields"
"""The name of the checkboxes that say which fields are set."""
PREFIX = "enmasse"
"""Before the names of the fields, so that none is taken for one of the admin's own."""

LOGGED = 2000
"""Entries of the log that are written at a time."""


class BulkEditMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Adds the action “Update chosen fields of many rows”.

    The rows are written by one `update`, with `auto_now` fields and bulk signals; `save()` and
    `Model.clean()` of each object are not called. The values are cleaned by the fields. Each row gets an
    entry in the log.
    """

    bulk_edit_fields: Sequence[str] | None = None
    """The fields that can be set; `None` stands for all that can be edited and are not unique."""
    bulk_edit_preview = 20
    """Rows that the preview shows."""
    bulk_edit_template = "admin/django_enmasse/bulk_edit.html"

    actions: Any = ["bulk_edit"]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The actions; a class that sets `actions` keeps this one."""
        actions = super().get_actions(request)
        found = self.get_action("bulk_edit") if "bulk_edit" not in actions else None
        if found and not self._is_popup(request) and self.has_change_permission(request):
            function, name, description = found
            actions[name] = (function, name, description)
        return actions

    @admin.action(description=gettext_lazy("Update chosen fields of many rows"), permissions=["change"])
    def bulk_edit(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Asks for fields and values, shows what would change, and writes it."""
        fields = self.get_bulk_edit_fields(request)
        form = self._form(request, fields, request.POST if CHOSEN in request.POST else None)
        step = "choose"
        values: dict[str, Any] = {}
        if "enmasse_preview" in request.POST or "enmasse_apply" in request.POST:
            if not form.is_bound:
                self.message_user(request, _("Choose at least one field."), messages.WARNING)
            elif form.is_valid():
                step = "preview"
                values = form.cleaned_data
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "media": self.media + form.media,
            "title": _("Update chosen fields of many rows"),
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "chosen_name": CHOSEN,
            "chosen": form.chosen,
            "form": form,
            "total": queryset.count(),
            "step": step,
        }
        if step == "preview":
            preview = self._preview(queryset, values)
            if "enmasse_apply" in request.POST:
                if request.POST["enmasse_apply"] == str(preview["changed"]):
                    self._apply(request, queryset, values)
                    return None
                message = _("The rows have changed since the preview. Look at it again.")
                self.message_user(request, message, messages.WARNING)
            context.update(preview)
        return TemplateResponse(request, self.bulk_edit_template, context)

    def get_bulk_edit_fields(self, request: HttpRequest) -> list[Field[Any, Any]]:
        """The fields that can be set."""
        excluded = {*self.get_readonly_fields(request), *(self.get_exclude(request) or ())}
        fields: list[Any] = [
            field
            for field in self.model._meta.concrete_fields
            if field.editable and field.name not in excluded and not isinstance(field, FileField)
        ]
        if self.bulk_edit_fields is None:
            return [field for field in fields if not field.unique]
        by_name = {field.name: field for field in fields}
        for name in self.bulk_edit_fields:
            if name not in by_name:
                raise FieldDoesNotExist(f"{type(self).__name__}.bulk_edit_fields: {name!r} cannot be edited.")
        return [by_name[name] for name in self.bulk_edit_fields]

    def _form(self, request: HttpRequest, fields: list[Field[Any, Any]], data: Any) -> BulkEditForm:
        made: dict[str, forms.Field] = {}
        for field in fields:
            form_field: Any = self.formfield_for_dbfield(field, request)
            if form_field is not None:
                made[field.name] = form_field
        chosen = [name for name in (data.getlist(CHOSEN) if data is not None else ()) if name in made]
        return BulkEditForm(self.model, made, chosen, data)

    def _preview(self, queryset: QuerySet[Any], values: dict[str, Any]) -> dict[str, Any]:
        """What the values would change: how many rows, of each field, and the first rows."""
        meta = self.model._meta
        fields: list[Any] = [meta.get_field(name) for name in values]
        same = {field.name: _is(field.name, values[field.name]) for field in fields}
        rows_to_change = queryset.exclude(Q(*same.values()))
        related = [field.name for field in fields if field.is_relation]
        first = rows_to_change.select_related(*related)[: self.bulk_edit_preview] if related else None
        rows = []
        for row in first if first is not None else rows_to_change[: self.bulk_edit_preview]:
            cells = []
            for field in fields:
                before, after = getattr(row, field.name), values[field.name]
                cells.append((self._shown(before, field), self._shown(after, field), before != after))
            rows.append((str(row), cells))
        return {
            "changed": rows_to_change.count(),
            "columns": [
                (capfirst(field.verbose_name), queryset.exclude(same[field.name]).count()) for field in fields
            ],
            "rows": rows,
        }

    def _shown(self, value: Any, field: Any) -> Any:
        empty = self.get_empty_value_display()
        if isinstance(value, Model):
            return display_for_value(str(value), empty)
        return display_for_field(value, field, empty)

    def _apply(self, request: HttpRequest, queryset: QuerySet[Any], values: dict[str, Any]) -> None:
        using = router.db_for_write(self.model)
        names = [str(self.model._meta.get_field(name).verbose_name) for name in values]
        message: Any = [{"changed": {"fields": names}}]
        with transaction.atomic(using=using):
            # The keys are fixed: the filter of the page may read what is written, and the log is for these
            # rows.
            table = KeyTable(self.model, using)
            table.create()
            table.fill(queryset.using(using).exclude(Q(*(_is(*item) for item in values.items()))))
            rows: QuerySet[Any] = BulkQuerySet(self.model, using=using).filter(pk__in=table.query_set())
            written = rows.update(**values)
            objects = rows.iterator(LOGGED)
            log: Any = LogEntry.objects.log_actions
            while chunk := list(islice(objects, LOGGED)):
                log(request.user.pk, chunk, CHANGE, message)
            table.drop()
        told = ngettext("%(count)d row was updated.", "%(count)d rows were updated.", written)
        self.message_user(request, told % {"count": written}, messages.SUCCESS)

    @staticmethod
    def _is_popup(request: HttpRequest) -> bool:
        return "_popup" in request.GET or "_popup" in request.POST


class BulkEditForm(forms.Form):
    """The fields that can be set, of which those are read that were chosen."""

    def __init__(
        self, model: type[Model], made: dict[str, forms.Field], chosen: list[str], data: Any
    ) -> None:
        super().__init__(data if chosen else None, prefix=PREFIX)
        self.model = model
        self.chosen = chosen
        for name, field in made.items():
            self.fields[name] = field
            if name not in chosen:
                field.required = False

    def full_clean(self) -> None:
        """Only the chosen fields are cleaned, by the form's field and by the model's."""
        self._errors = forms.utils.ErrorDict()
        if not self.is_bound:
            return
        self.cleaned_data: dict[str, Any] = {}
        for name in self.chosen:
            field: Any = self.model._meta.get_field(name)
            bound = self[name]
            try:
                value = bound.field.clean(bound.data)
                if field.is_relation:
                    self.cleaned_data[name] = value
                    if value is None and not field.null:
                        raise ValidationError(field.error_messages["null"])
                else:
                    self.cleaned_data[name] = field.clean(value, None)
            except ValidationError as error:
                self.add_error(name, error)


def _is(name: str, value: Any) -> Q:
    return Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
