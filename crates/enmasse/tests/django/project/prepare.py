"""Makes the tables and writes rows with all that is hard to carry."""

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, models

from shop.models import (
    BookCafe,
    Cafe,
    City,
    Country,
    Everything,
    Label,
    Level,
    Note,
    Pizzeria,
    Place,
    Product,
    Profile,
    Rank,
    Restaurant,
    Session,
    Shop,
    StarredNote,
    Stock,
)

LONG_AGO = datetime(2020, 2, 29, 12, 30, tzinfo=timezone.utc)

# A character of each plane that has any; what joins and turns around; what SQL, JSON or a file take for signs.
PLANES = "a é ☃ 語 😀 𠀀 𰀀 \U000e0041 \U000f0000 \U0010ffff"
JOINED = "e\u0301 👩\u200d👩\u200d👧 \u202eמימין\u202c \ufeff\u00a0"
SIGNS = "'\"`\\ %_ $1 ? :x {} %s -- /* \\N \\. \t\r\n\x01\x1a\x7f"


def prepare():
    call_command("migrate", verbosity=0)
    # The shop has no migrations, and refers to tables that have.
    call_command("migrate", run_syncdb=True, verbosity=0)
    write_everything()
    write_products()
    write_people()
    write_notes()
    write_places()


def write_everything():
    Everything.objects.create()
    Everything.objects.create(
        char="",
        text="",
        slug="",
        email="",
        url="",
        flag=False,
        small=-(2**15),
        integer=-(2**31),
        big=-(2**63),
        positive_small=0,
        positive=0,
        positive_big=0,
        real=-1.7976931348623157e308,
        price=Decimal("-9999999999.99"),
        wide=wide("-1234567890123456.7890123456"),
        day=date.min,
        clock=time.min,
        moment=datetime.min.replace(tzinfo=timezone.utc),
        span=timedelta(microseconds=-(2**63)),
        uuid=UUID(int=0),
        document=models.Value(None, models.JSONField()),
        data=b"",
        level=Level.FREE,
        rank=Rank.LOW,
        address="0.0.0.0",
    )
    Everything.objects.create(
        char=PLANES,
        text=(PLANES + JOINED + SIGNS) * 500,
        slug="a-slug_" + "x" * 43,
        email="o'neil+tag@example.com",
        url="https://example.com/?q=%C3%A9&r=1#a",
        flag=True,
        small=2**15 - 1,
        integer=2**31 - 1,
        big=2**63 - 1,
        positive_small=2**15 - 1,
        positive=2**31 - 1,
        positive_big=2**63 - 1,
        real=1.7976931348623157e308,
        price=Decimal("9999999999.99"),
        wide=wide("999999999999999999.9999999999"),
        day=date.max,
        clock=time.max,
        moment=datetime.max.replace(tzinfo=timezone.utc),
        span=timedelta(microseconds=2**63 - 1),
        uuid=UUID(int=2**128 - 1),
        document={"b": [1, 2.5, None, {"": False}], "a": {PLANES: JOINED + SIGNS}, "": 2**63, "tiny": 5e-324},
        data=bytes(range(256)) * 300,
        level=Level.GOLD,
        rank=Rank.HIGH,
        address="2001:db8::ff00:42:8329",
    )
    Everything.objects.create(
        char=JOINED,
        text=SIGNS,
        slug="-",
        email="é@example.com",
        url="",
        flag=None,
        small=-1,
        integer=0,
        big=2**53 + 1,
        positive_small=1,
        positive=7,
        positive_big=2**53 + 1,
        real=0.1 + 0.2,
        price=Decimal("-0.01"),
        wide=Decimal("0.0000000001"),
        day=date(1900, 2, 28),
        clock=time(1, 2, 3, 4),
        moment=datetime(1969, 12, 31, 23, 59, 59, 999999, timezone.utc),
        span=-timedelta(days=1, microseconds=1),
        uuid=UUID("12345678-9abc-4ef0-8fed-cba987654321"),
        document="null",
        data=b"\x00'\"\\\xff\n",
        level=Level.GOLD,
        rank=None,
        address="::ffff:10.1.2.3",
    )
    Everything.objects.create(
        char="NULL",
        text="0",
        flag=False,
        real=5e-324,
        price=Decimal("10"),
        wide=Decimal("1E+5"),
        day=date(2024, 2, 29),
        clock=time(12),
        moment=datetime(2024, 10, 27, 3, 30, tzinfo=timezone(timedelta(hours=2))),
        span=timedelta(0),
        document=[],
        data=b"0",
        address="::1",
    )


def wide(digits):
    """SQLite keeps a decimal as a float: no more than 15 digits are sure."""
    return Decimal(digits[:12] if connection.vendor == "sqlite" else digits)


def write_products():
    Product.objects.bulk_create(
        Product(
            name=f"Product {number} ☃",
            slug=f"product-{number}",
            price=Decimal(number * 100 + 99) / 100,
            quantity=number % 7,
            is_active=number % 2 == 0,
            weight=number / 7,
            details={"number": number, "tags": ["é", None] * (number % 3)},
            picture=bytes([number % 256, 0, 255]),
            released=date(2000, 1, 1) + timedelta(days=number * 31),
            opens=time(number % 24, number % 60, 0, number),
            keeps=timedelta(hours=number, microseconds=-number),
            token=UUID(int=number << 64 | number),
            seen=LONG_AGO + timedelta(days=number, microseconds=number),
            level=Level.GOLD if number % 3 == 0 else Level.FREE,
        )
        for number in range(1, 61)
    )


def write_people():
    countries = [
        Country(code="FR", name="France"),
        Country(code="US", name="United States"),
        Country(code="ÅL", name="Åland"),
    ]
    Country.objects.bulk_create(countries)
    countries = [Country.objects.get(code=country.code) for country in countries]  # MySQL gives no keys back
    paris = City.objects.create(name="Paris", country=countries[0], population=2_100_000)
    other = City.objects.create(name="Paris", country=countries[1], twin=paris, population=24_000)
    City.objects.create(name="Mariehamn", country=countries[2])
    City.objects.filter(pk=paris.pk).update(twin=other)
    Stock.objects.bulk_create(
        Stock(warehouse=warehouse, city=city, amount=amount)
        for amount, (warehouse, city) in enumerate(
            (w, c) for w in ["north", "sö'uth"] for c in [paris, other]
        )
    )
    labels = Label.objects.bulk_create([Label(name="new"), Label(name="v.i.p."), Label(name="☃")])
    group = Group.objects.create(name="Staff")
    for number in range(1, 9):
        user = User.objects.create(
            username=f"user{number}",
            email=f"user{number}@example.com",
            password="!",
            first_name="Zoë",
            date_joined=LONG_AGO + timedelta(days=number),
            last_login=LONG_AGO + timedelta(days=number * 300) if number % 4 else None,
        )
        if number % 2:
            group.user_set.add(user)
        Profile.objects.create(user=user, city=[paris, other, None][number % 3], points=number * 10)
        session = Session.objects.create(id=UUID(int=number), user=user, hits=number)
        session.labels.set(labels[: number % 4])


def write_notes():
    for number in range(6):
        Note.objects.create(title=f"Note {number}", stars=number % 3)
    StarredNote.objects.create(title="Starred", stars=5)
    Note.objects.update(created=LONG_AGO, updated=LONG_AGO)


def write_places():
    Place.objects.create(name="Park", rating=1)
    for number in range(1, 4):
        Restaurant.objects.create(
            name=f"Restaurant {number}", rating=number, serves_wine=number % 2 == 0, seats=number * 10
        )
    Shop.objects.create(title="Only a shop")
    for number in range(1, 6):
        Pizzeria.objects.create(
            name=f"Pizzeria {number}",
            rating=number,
            serves_wine=number % 2 == 1,
            seats=number * 5,
            oven=["wood", None, "gas"][number % 3],
            best_price=Decimal(number * 100 + 50) / 100,
        )
        # So that the keys of the two parents differ.
        Cafe.objects.create(cups=number)
        BookCafe.objects.create(title=f"Book café {number}", cups=number * 2, books=number * 1_000)
    Place.objects.update(created=LONG_AGO, updated=LONG_AGO)
