"""Keys to the API: a browser makes them; a key may read of them, close them, and renew itself."""

from typing import Any

from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.errors import NotThisKey
from accounts.models import ApiKey
from accounts.models.keys import ApiKeyQuerySet
from accounts.rest import ApiRequest, ApiView, describe, idempotent, listed, page_of
from accounts.rest.paging import Page
from accounts.serializers import KeyForm, KeyShape, NewKeyShape
from accounts.services import Made, create_key, revoke_key, rotate_key


class KeysView(ApiView):
    resource = "keys"

    @describe("List keys", listed(KeyShape), query=Page)
    def get(self, request: ApiRequest) -> Response:
        return page_of(self, _keys(self), lambda key: self.show(KeyShape, key))

    @describe(
        "Create a key",
        NewKeyShape,
        status=201,
        request=KeyForm,
        once=True,
        errors=(403, 409),
        description="By a browser's session only: a key makes no keys. The secret is told once.",
    )
    @idempotent(secrets=("secret",))
    def post(self, request: ApiRequest) -> Response:
        if request.auth is not None:
            raise NotThisKey
        return _made(self, create_key(user=request.user, **self.read(KeyForm)))


class KeyView(ApiView):
    resource = "keys"

    @describe("Read a key", KeyShape, errors=(404,))
    def get(self, request: ApiRequest, key_id: str) -> Response:
        return Response(self.show(KeyShape, self.find(_keys(self), key_id)))


class KeyRevokeView(ApiView):
    resource = "keys"

    @describe("Revoke a key", KeyShape, errors=(404,), description="At once, and for good.")
    def post(self, request: ApiRequest, key_id: str) -> Response:
        key = self.find(_keys(self), key_id)
        revoke_key(key=key)
        key.refresh_from_db()
        return Response(self.show(KeyShape, key))


class KeyRotateView(ApiView):
    resource = "keys"

    @describe(
        "Rotate a key",
        NewKeyShape,
        status=201,
        once=True,
        errors=(403, 404),
        description=(
            "Makes another with the same name and scopes; the old one opens for 24 hours more. "
            "A key may rotate itself only."
        ),
    )
    @idempotent(secrets=("secret",))
    def post(self, request: ApiRequest, key_id: str) -> Response:
        key = self.find(_keys(self), key_id)
        if request.auth is not None and request.auth.pk != key.pk:
            raise NotThisKey
        return _made(self, rotate_key(key=key))


def _keys(view: ApiView) -> ApiKeyQuerySet:
    """Return a person's keys; a test key sees test keys only."""
    mine = ApiKey.objects.of(view.request.user)
    return mine.filter(mode=ApiKey.Mode.TEST) if view.is_test else mine


def _made(view: ApiView, made: Made) -> Response:
    shown: dict[str, Any] = view.show(KeyShape, made.key) | {"secret": made.secret}
    headers = {"Location": reverse("api:key", args=[made.key.pk]), "Cache-Control": "no-store"}
    return Response(shown, status=201, headers=headers)
