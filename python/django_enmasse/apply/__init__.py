"""Files of rows, held against a model's table: what `manage.py enmasse_apply` does."""
