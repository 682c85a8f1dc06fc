"""Who asks."""

from rest_framework.response import Response

from accounts.models import SCOPES, ApiKey
from accounts.rest import ApiRequest, ApiView, describe
from accounts.serializers import Me


class MeView(ApiView):
    resource = "account"

    @describe("Read who you are", Me)
    def get(self, request: ApiRequest) -> Response:
        user, key = request.user, request.auth
        return Response(
            {
                "email": user.email,
                "name": user.name,
                "joined": user.date_joined,
                "mode": key.mode if key else ApiKey.Mode.LIVE,
                "scopes": key.scopes if key else list(SCOPES),
            }
        )
