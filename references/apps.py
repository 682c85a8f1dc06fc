from importlib import import_module

from django.apps import AppConfig


class ReferencesConfig(AppConfig):
    name = "references"

    def ready(self) -> None:
        import_module("references.services")  # hears of people who leave
