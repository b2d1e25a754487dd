"""The settings of the tests, with the apps that the tests of signals, the admin and the bridges need."""

from settings import *  # noqa: F403
from settings import INSTALLED_APPS as SHOP_APPS

INSTALLED_APPS = SHOP_APPS if "surface" in SHOP_APPS else [*SHOP_APPS, "surface"]
