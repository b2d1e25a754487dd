"""Inheritance of every kind."""

from django.db import models


class Timestamped(models.Model):
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Note(Timestamped):
    title = models.CharField(max_length=40)
    stars = models.SmallIntegerField(default=0)


class StarredNotes(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(stars__gt=0)


class StarredNote(Note):
    objects = StarredNotes()

    class Meta:
        proxy = True


class Place(Timestamped):
    name = models.CharField(max_length=40)
    rating = models.IntegerField(default=0)


class Restaurant(Place):
    serves_wine = models.BooleanField(default=False)
    seats = models.PositiveIntegerField(default=0)


class Pizzeria(Restaurant):
    oven = models.CharField(max_length=20, null=True)
    best_price = models.DecimalField(max_digits=12, decimal_places=2)


class Shop(models.Model):
    shop_id = models.BigAutoField(primary_key=True)
    title = models.CharField(max_length=40)


class Cafe(models.Model):
    cafe_id = models.BigAutoField(primary_key=True)
    cups = models.IntegerField(default=0)


class BookCafe(Shop, Cafe):
    """With two parents."""

    books = models.IntegerField(default=0)
