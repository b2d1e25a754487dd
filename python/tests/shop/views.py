"""Views that write in bulk."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from shop.models import Account


def add(accounts: list[Account], points: int) -> list[Account]:
    """The accounts with more points."""
    for account in accounts:
        account.balance += points
    return accounts


def pay(request: HttpRequest) -> JsonResponse:
    """Gives each account a point."""
    accounts = add(list(Account.objects.order_by("pk")), 1)
    return JsonResponse({"matched": Account.objects.bulk_update(accounts, ["balance"])})


def fail(request: HttpRequest) -> JsonResponse:
    """Writes, and fails."""
    pay(request)
    raise ValueError("after the write")


async def apay(request: HttpRequest) -> JsonResponse:
    """As `pay`, for ASGI."""
    accounts = add([account async for account in Account.objects.order_by("pk")], 1)
    return JsonResponse({"matched": await Account.objects.abulk_update(accounts, ["balance"])})
