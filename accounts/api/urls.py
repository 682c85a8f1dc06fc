from django.urls import path

from accounts.api import keys, people
from accounts.rest import paths  # noqa: F401  (registers the converter)

urlpatterns = [
    path("me", people.MeView.as_view(), name="me"),
    path("api-keys", keys.KeysView.as_view(), name="keys"),
    path("api-keys/<id:key_id>", keys.KeyView.as_view(), name="key"),
    path("api-keys/<id:key_id>/rotate", keys.KeyRotateView.as_view(), name="key-rotate"),
]
