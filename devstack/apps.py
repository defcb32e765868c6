"""The development stack as a Django app: its commands ``runstack`` and ``demo``."""

from django.apps import AppConfig


class DevstackConfig(AppConfig):
    name = "devstack"
