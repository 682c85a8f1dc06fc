from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        import_module("accounts.services")  # hears of people who leave, and who log in
        from allauth.account.signals import user_logged_in  # noqa: PLC0415 (once models are there)
        from allauth.usersessions.signals import on_user_logged_in  # noqa: PLC0415

        user_logged_in.disconnect(on_user_logged_in)  # services.sessions does its work
