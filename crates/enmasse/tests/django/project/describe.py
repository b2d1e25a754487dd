"""The tables as Django declares them."""

from django.apps import apps


def describe():
    models = apps.get_models(include_auto_created=True)
    return [table(model) for model in models if not model._meta.proxy]


def table(model):
    return {
        "model": model._meta.label,
        "table": model._meta.db_table,
        "parents": [
            parent._meta.db_table
            for parent, link in model._meta.parents.items()
            if link in model._meta.local_fields
        ],
        "unique_together": list(model._meta.unique_together),
        "fields": [column(field) for field in model._meta.local_concrete_fields],
    }


def column(field):
    source = field
    while source.remote_field:
        source = source.target_field
    source = getattr(source, "output_field", source)
    to = field.remote_field and field.target_field
    return {
        "name": field.name,
        "attname": field.attname,
        "column": field.column,
        # A foreign key is of the type that it refers to.
        "type": source.get_internal_type(),
        "max_length": source.max_length,
        "max_digits": getattr(source, "max_digits", None),
        "decimal_places": getattr(source, "decimal_places", None),
        "null": field.null,
        "unique": field.unique,
        "primary_key": field in field.model._meta.pk_fields,
        "generated": field.generated,
        "to": to and {"table": to.model._meta.db_table, "column": to.column},
    }
