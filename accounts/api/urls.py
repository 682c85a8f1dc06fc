from django.urls import path

from accounts.api import events, keys, people, webhooks
from accounts.rest import paths  # noqa: F401  (registers the converter)

urlpatterns = [
    path("me", people.MeView.as_view(), name="me"),
    path("api-keys", keys.KeysView.as_view(), name="keys"),
    path("api-keys/<id:key_id>", keys.KeyView.as_view(), name="key"),
    path("api-keys/<id:key_id>/revoke", keys.KeyRevokeView.as_view(), name="key-revoke"),
    path("api-keys/<id:key_id>/rotate", keys.KeyRotateView.as_view(), name="key-rotate"),
    path("events", events.EventsView.as_view(), name="events"),
    path("events/<id:event_id>", events.EventView.as_view(), name="event"),
    path("webhooks", webhooks.WebhooksView.as_view(), name="webhooks"),
    path("webhooks/<id:webhook_id>", webhooks.WebhookView.as_view(), name="webhook"),
    path(
        "webhooks/<id:webhook_id>/rotate",
        webhooks.WebhookRotateView.as_view(),
        name="webhook-rotate",
    ),
    path("webhooks/<id:webhook_id>/test", webhooks.WebhookTestView.as_view(), name="webhook-test"),
    path(
        "webhooks/<id:webhook_id>/deliveries",
        webhooks.DeliveriesView.as_view(),
        name="deliveries",
    ),
    path(
        "webhooks/<id:webhook_id>/deliveries/<id:delivery_id>",
        webhooks.DeliveryView.as_view(),
        name="delivery",
    ),
    path(
        "webhooks/<id:webhook_id>/deliveries/<id:delivery_id>/replay",
        webhooks.DeliveryReplayView.as_view(),
        name="delivery-replay",
    ),
]
