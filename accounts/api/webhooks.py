"""Webhooks: where to call when something happens, and how the calls went."""

from django.db.models import QuerySet
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts import services
from accounts.models import Webhook, WebhookDelivery
from accounts.rest import ApiRequest, ApiView, Page, describe, idempotent, listed, page_of
from accounts.serializers import (
    DeliveryShape,
    NewWebhookShape,
    WebhookChange,
    WebhookForm,
    WebhookShape,
)


class _Webhooks(ApiView):
    resource = "webhooks"

    def rows(self) -> QuerySet[Webhook]:
        return Webhook.objects.of(self.request.user).filter(is_test=self.is_test)

    def calls(self, webhook_id: str) -> QuerySet[WebhookDelivery]:
        found = self.find(self.rows(), webhook_id)
        return WebhookDelivery.objects.of(self.request.user).filter(webhook=found)


class WebhooksView(_Webhooks):
    @describe("List webhooks", listed(WebhookShape), query=Page)
    def get(self, request: ApiRequest) -> Response:
        return page_of(self, self.rows(), lambda webhook: self.show(WebhookShape, webhook))

    @describe(
        "Create a webhook",
        NewWebhookShape,
        status=201,
        request=WebhookForm,
        once=True,
        errors=(409,),
        description=(
            "Each event is sent as a POST, signed by Standard Webhooks. Whatever is not answered "
            "with 2xx within 15 seconds is tried again for three days; 410 ends it. The secret is "
            "told once. A test key's webhooks hear of what test keys make, and of nothing else."
        ),
    )
    @idempotent(secrets=("secret",))
    def post(self, request: ApiRequest) -> Response:
        wish = self.read(WebhookForm)
        made = services.add_webhook(user=request.user, is_test=self.is_test, **wish)
        made.refresh_from_db()
        return _told_once(self, made, status=201)


class WebhookView(_Webhooks):
    @describe("Read a webhook", WebhookShape, errors=(404,))
    def get(self, request: ApiRequest, webhook_id: str) -> Response:
        return Response(self.show(WebhookShape, self.find(self.rows(), webhook_id)))

    @describe("Change a webhook", WebhookShape, request=WebhookChange, errors=(404,))
    def patch(self, request: ApiRequest, webhook_id: str) -> Response:
        found = self.find(self.rows(), webhook_id)
        changes = self.read(WebhookChange)
        enabled = changes.pop("enabled", None)
        services.change_webhook(webhook=found, **changes)
        if enabled is not None:
            turn = services.enable_webhook if enabled else services.disable_webhook
            turn(webhook=found)
        return Response(self.show(WebhookShape, found))

    @describe("Delete a webhook", status=204, errors=(404,), description="With its calls.")
    def delete(self, request: ApiRequest, webhook_id: str) -> Response:
        services.remove_webhook(webhook=self.find(self.rows(), webhook_id))
        return Response(status=204)


class WebhookRotateView(_Webhooks):
    @describe(
        "Make a new secret for a webhook",
        NewWebhookShape,
        once=True,
        errors=(404,),
        description="For 24 hours the old secret signs beside the new one.",
    )
    @idempotent(secrets=("secret",))
    def post(self, request: ApiRequest, webhook_id: str) -> Response:
        found = self.find(self.rows(), webhook_id)
        services.rotate_secret(webhook=found)
        return _told_once(self, found, status=200)


class WebhookTestView(_Webhooks):
    @describe(
        "Test a webhook",
        DeliveryShape,
        status=202,
        once=True,
        errors=(404, 409),
        description="Sends an event of type `webhook.test`; the delivery tells how it went.",
    )
    @idempotent()
    def post(self, request: ApiRequest, webhook_id: str) -> Response:
        return _under_way(self, services.send_test(webhook=self.find(self.rows(), webhook_id)))


class DeliveriesView(_Webhooks):
    @describe("List deliveries", listed(DeliveryShape), query=Page, errors=(404,))
    def get(self, request: ApiRequest, webhook_id: str) -> Response:
        return page_of(self, self.calls(webhook_id), lambda call: self.show(DeliveryShape, call))


class DeliveryView(_Webhooks):
    @describe("Read a delivery", DeliveryShape, errors=(404,))
    def get(self, request: ApiRequest, webhook_id: str, delivery_id: str) -> Response:
        return Response(self.show(DeliveryShape, self.find(self.calls(webhook_id), delivery_id)))


class DeliveryReplayView(_Webhooks):
    @describe(
        "Replay a delivery",
        DeliveryShape,
        status=202,
        once=True,
        errors=(404, 409),
        description="Sends the same event, with the same id, once more.",
    )
    @idempotent()
    def post(self, request: ApiRequest, webhook_id: str, delivery_id: str) -> Response:
        sent = self.find(self.calls(webhook_id), delivery_id)
        return _under_way(self, services.replay(delivery=sent))


def _told_once(view: ApiView, webhook: Webhook, *, status: int) -> Response:
    shown = view.show(WebhookShape, webhook) | {"secret": services.secret_of(webhook)}
    headers = {"Cache-Control": "no-store"}
    if status == 201:
        headers["Location"] = reverse("api:webhook", args=[webhook.pk])
    return Response(shown, status=status, headers=headers)


def _under_way(view: ApiView, call: WebhookDelivery) -> Response:
    call.refresh_from_db()
    place = reverse("api:delivery", args=[call.webhook_id, call.pk])
    return Response(view.show(DeliveryShape, call), status=202, headers={"Location": place})
