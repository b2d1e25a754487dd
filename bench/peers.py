"""Runs the Python peers for the benchmark, which drives them by lines on the standard input:

    prepare WAY ROWS STRIDE VERSION   makes the objects; answers: ready
    run                               writes them; answers: took SECONDS

Any answer may be `error MESSAGE` instead. The one argument is the database's URL.
"""

import random
import sys
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.db import models, transaction


def database(url):
    """Django's settings for a URL."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path}
    engine, options = {
        "postgres": ("postgresql", {"sslmode": "disable"}),
        "mysql": ("mysql", {"charset": "utf8mb4"}),
    }[parts.scheme]
    return {
        "ENGINE": f"django.db.backends.{engine}",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": parts.port or "",
        "OPTIONS": options,
    }


settings.configure(DATABASES={"default": database(sys.argv[1])}, INSTALLED_APPS=[], USE_TZ=True, TIME_ZONE="UTC")
django.setup()

from fast_update.query import FastUpdateManager  # noqa: E402: these need the settings


class Item(models.Model):
    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=100)
    points = models.IntegerField()
    price = models.DecimalField(max_digits=12, decimal_places=2)
    seen = models.DateTimeField()
    active = models.BooleanField()
    note = models.TextField()

    objects = FastUpdateManager()

    class Meta:
        app_label = "bench"
        db_table = "item"
        managed = False


class BaseUser(models.Model):
    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=40)
    points = models.IntegerField()

    class Meta:
        app_label = "bench"
        db_table = "base_user"
        managed = False


class Customer(BaseUser):
    level = models.CharField(max_length=20)
    visits = models.IntegerField()

    objects = FastUpdateManager()

    class Meta:
        app_label = "bench"
        db_table = "customer"
        managed = False


FIELDS = ["name", "points", "price", "seen", "active", "note"]
REST = "the quick brown fox jumps over the lazy dog"
BEGINNING = datetime(2020, 1, 1, tzinfo=timezone.utc)

# Larger statements do not get faster, and pass what SQLite and MariaDB allow.
BATCH = 10_000


def items(rows, stride, version):
    """Every `stride`th row, in no order. The formula is that of src/formula.rs."""
    keys = [number * stride for number in range(1, rows + 1)]
    random.Random(1).shuffle(keys)
    return [
        Item(
            id=id,
            name=f"name {id} v{version:06}",
            points=100_000 + (id * 7_919 + version * 104_729) % 900_000,
            price=Decimal(100_001 + (id * 104_729 + version * 7_919) % 90_000 * 100 + (id + version) % 99).scaleb(-2),
            seen=BEGINNING + timedelta(seconds=id * 61 + version, microseconds=1 + (id * 7_919 + version) % 999_999),
            active=(id + version) % 2 == 0,
            note=f"note {id} v{version:06}: {REST}",
        )
        for id in keys
    ]


def as_dicts(items):
    """What django-pg-bulk-update takes."""
    return [{name: getattr(item, name) for name in ["id", *FIELDS]} for item in items]


def pg_bulk_update(values):
    from django_pg_bulk_update import bulk_update

    with transaction.atomic():
        bulk_update(Item, values, batch_size=BATCH)


def update_chain(text):
    with transaction.atomic():
        Customer.objects.filter(points__gte=0, visits__gte=0).update(name=text, level=text)


def customers(version):
    """All of them, as `fast_update` takes them: it has no update by a filter."""
    text = f"v{version:06}"
    found = list(Customer.objects.all())
    for customer in found:
        customer.name = customer.level = text
    return found


def fast_update_chain(customers):
    with transaction.atomic():
        Customer.objects.fast_update(customers, ["name", "level"], batch_size=BATCH)


OTHERS = {
    "django-chain": (lambda version: f"v{version:06}", update_chain),
    "fast_update-chain": (customers, fast_update_chain),
}

WAYS = {
    "django": lambda items: Item.objects.bulk_update(items, FIELDS, batch_size=1_000),
    "fast_update": lambda items: Item.objects.fast_update(items, FIELDS, batch_size=BATCH),
    "copy_update": lambda items: Item.objects.copy_update(items, FIELDS),
    "pg-bulk-update": pg_bulk_update,
}


class Worker:
    def answer(self, command, *arguments):
        return {"prepare": self.prepare, "run": self.run}[command](*arguments)

    def prepare(self, way, rows, stride, version):
        if way in OTHERS:
            prepare, self.write = OTHERS[way]
            self.objects = prepare(int(version))
            return "ready"
        self.write = WAYS[way]
        self.objects = items(int(rows), int(stride), int(version))
        if way == "pg-bulk-update":
            self.objects = as_dicts(self.objects)
        return "ready"

    def run(self):
        begun = time.perf_counter()
        self.write(self.objects)
        return f"took {time.perf_counter() - begun}"


worker = Worker()
for line in sys.stdin:
    try:
        answer = worker.answer(*line.split())
    except Exception as error:
        answer = "error " + " ".join(f"{type(error).__name__}: {error}".split())
    print(answer, flush=True)
