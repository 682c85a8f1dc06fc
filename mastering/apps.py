from importlib import import_module

from django.apps import AppConfig


class MasteringConfig(AppConfig):
    name = "mastering"

    def ready(self) -> None:
        import_module("mastering.services")  # hears of work that ended
