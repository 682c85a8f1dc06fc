from django.urls import path

from accounts import views
from accounts.rest import paths  # noqa: F401  (registers the converter)
from accounts.views import keys, webhooks

app_name = "accounts"
urlpatterns = [
    path("", views.detail, name="detail"),
    path("notices/", views.notices, name="notices"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/<int:session_id>/end/", views.session_end, name="session-end"),
    path("data/", views.data, name="data"),
    path("data/export/", views.export, name="export"),
    path("data/<uuid:export_id>/", views.export_download, name="export-download"),
    path("erase/", views.erase, name="erase"),
    path("keys/", keys.keys, name="keys"),
    path("keys/<str:key_id>/rotate/", keys.key_rotate, name="key-rotate"),
    path("keys/<str:key_id>/revoke/", keys.key_revoke, name="key-revoke"),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/<id:webhook_id>/", webhooks.webhook, name="webhook"),
    path("webhooks/<id:webhook_id>/calls/", webhooks.calls, name="webhook-calls"),
    path("webhooks/<id:webhook_id>/secret/", webhooks.secret, name="webhook-secret"),
    path("webhooks/<id:webhook_id>/rotate/", webhooks.rotate, name="webhook-rotate"),
    path("webhooks/<id:webhook_id>/test/", webhooks.test, name="webhook-test"),
    path("webhooks/<id:webhook_id>/switch/", webhooks.switch, name="webhook-switch"),
    path("webhooks/<id:webhook_id>/remove/", webhooks.remove, name="webhook-remove"),
    path(
        "webhooks/<id:webhook_id>/replay/<id:delivery_id>/",
        webhooks.replay,
        name="webhook-replay",
    ),
]
