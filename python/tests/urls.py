"""The views of the tests."""

from __future__ import annotations

from shop import views

from django.urls import path

urlpatterns = [
    path("pay/", views.pay),
    path("fail/", views.fail),
    path("apay/", views.apay),
]
