"""The views of the tests."""

from __future__ import annotations

from django.urls import path
from shop import views

urlpatterns = [
    path("pay/", views.pay),
    path("fail/", views.fail),
    path("apay/", views.apay),
]
