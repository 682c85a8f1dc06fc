"""The view that all endpoints are made of."""

import functools
import hashlib
from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeVar

from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags, quote_etag
from django.utils.translation import get_language
from rest_framework import serializers
from rest_framework.exceptions import APIException, MethodNotAllowed, NotFound
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import BrowserAuthentication, KeyAuthentication
from accounts.errors import Gone
from accounts.models import ApiKey, Tombstone, User
from accounts.rest.rates import Standing, count_request
from accounts.rest.schema import ApiSchema

READING: Final = ("GET", "HEAD")
JSON_BYTES: Final = 1_000_000

M = TypeVar("M", bound=models.Model)


class ApiRequest(Request):
    user: User
    auth: ApiKey | None


class TooLarge(APIException):
    status_code = 413
    default_code = "request_too_large"
    default_detail = "The request is larger than what is read here."


class ScopeMissing(APIException):
    status_code = 403
    default_code = "scope_missing"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This key does not open {scope}.")


class HasScope(BasePermission):
    """Let sessions do everything of their own, and keys what their scopes say."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if view.is_public:
            return True
        if not request.user.is_authenticated:
            return False
        scope = view.scope_of(request.method)
        if request.auth is not None and not request.auth.allows(scope):
            raise ScopeMissing(scope)
        return True


class AlwaysJson(DefaultContentNegotiation):
    """Answer JSON, whatever a caller says it accepts."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ARG002
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """One path of the API: which resource it is about, and what its methods take.

    Attributes
    ----------
    resource : str
        What a key must open: ``resource:read`` to read, ``resource:write`` for the rest.
    reads : tuple of str
        Methods that need no more than reading, beside GET: a POST that changes nothing.
    is_public : bool
        Whether nobody needs to say who they are.
    most_files : int
        How many uploads a body may hold; with none, it is at most 1 MB.
    """

    resource: ClassVar[str] = ""
    reads: ClassVar[tuple[str, ...]] = ()
    is_public: ClassVar[bool] = False
    most_files: ClassVar[int] = 0
    authentication_classes = (KeyAuthentication, BrowserAuthentication)
    permission_classes = (HasScope,)
    renderer_classes = (JSONRenderer,)
    parser_classes: Any = (JSONParser,)
    content_negotiation_class = AlwaysJson
    schema = ApiSchema()
    # Without OPTIONS: it is for asking what another origin's pages may do, and none may anything.
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    request: ApiRequest
    standing: Standing | None = None
    etag: str = ""

    @property
    def is_test(self) -> bool:
        """Whether a test key asks, which sees and makes only what costs nothing."""
        key = self.request.auth
        return isinstance(key, ApiKey) and key.is_test

    @classmethod
    def scope_of(cls, method: str | None) -> str:
        reading = method in READING or method in cls.reads
        return f"{cls.resource}:{'read' if reading else 'write'}"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what can be refused before anything is read or looked up."""
        method = (request.method or "").lower()
        if method not in self.http_method_names or not hasattr(self, method):
            raise MethodNotAllowed(request.method or "")
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = self.most_files * settings.MAX_UPLOAD_BYTES + JSON_BYTES
        if not length.isdecimal() or int(length) > limit:
            raise TooLarge
        super().initial(request, *args, **kwargs)
        expands: frozenset[str] = getattr(getattr(self, method), "expands", frozenset())
        if expands and not self.expand <= expands:
            told = serializers.ErrorDetail(
                f"One of {', '.join(sorted(expands))}.", "invalid_choice"
            )
            raise serializers.ValidationError({"expand": told})

    def check_throttles(self, request: Request) -> None:
        reading = self.scope_of(request.method).endswith(":read")
        self.standing = count_request(request, reading=reading)
        if self.standing.is_over:
            self.throttled(request, self.standing.resets_in)

    def finalize_response(  # type: ignore[override]  # files are no Response of the framework's
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        answer = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        if self.standing is not None:
            self.standing.tell(answer)
        patch_vary_headers(answer, ("Authorization", "Cookie"))
        if isinstance(answer, Response):
            answer.headers.setdefault("Cache-Control", "private, no-cache")
            if request.method in READING and answer.status_code == 200:
                answer.add_post_render_callback(_conditional(request._request, self.etag))
        return answer

    def unless_known(self, stamp: tuple[Any, ...]) -> Response | None:
        """Answer 304 to those who have what a stamp stands for; None to the others.

        The stamp is all that the answer comes from and that can change, so that the answer itself
        need not be made. It is told in the language of who asks.
        """
        self.etag = _etag(repr((get_language(), *stamp)).encode())
        if not _is_known(self.request._request, self.etag):
            return None
        return Response(status=304, headers={"ETag": self.etag})

    def read(self, form: type[serializers.Serializer[Any]], **options: Any) -> dict[str, Any]:
        """Return the body as the form takes it; what is wrong with it is a 422."""
        return _valid(form(data=self.request.data, context={"view": self}, **options))

    def asked(self, form: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return the query as the form takes it."""
        # As JSON would have it: a form's empty field is not said, a query's is wrong.
        query, lists = self.request.query_params, _lists_of(form)
        said = {name: query.getlist(name) if name in lists else query[name] for name in query}
        return _valid(form(data=said, context={"view": self}))

    def show(
        self, shape: type[serializers.Serializer[Any]], row: Any, **options: Any
    ) -> dict[str, Any]:
        """Return a row in its public shape, with what ``expand`` asks for within."""
        context = {"view": self, "request": self.request, "expand": self.expand}
        shown: dict[str, Any] = shape(row, context=context, **options).data
        return shown

    @property
    def expand(self) -> frozenset[str]:
        asked = ",".join(self.request.query_params.getlist("expand"))
        return frozenset(filter(None, (name.strip() for name in asked.split(","))))

    def find(self, rows: "models.QuerySet[M]", pk: str, **also: Any) -> M:
        """Return one of a person's own rows; any other is a 404, what time deleted a 410."""
        row = rows.filter(pk=pk, **also).first()
        if row is None:
            if Tombstone.objects.of(self.request.user).filter(pk=pk).exists():
                raise Gone
            raise NotFound
        return row


@functools.cache
def _lists_of(form: type[serializers.Serializer[Any]]) -> frozenset[str]:
    """Return the fields of a query that may be said several times."""
    fields = form().fields.items()
    return frozenset(name for name, each in fields if isinstance(each, serializers.ListField))


def _valid(form: serializers.Serializer[Any]) -> dict[str, Any]:
    form.is_valid(raise_exception=True)
    valid: dict[str, Any] = form.validated_data
    return valid


def _etag(content: bytes) -> str:
    return quote_etag(hashlib.sha256(content).hexdigest()[:32])


def _is_known(request: HttpRequest, etag: str) -> bool:
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return etag in known or f"W/{etag}" in known or "*" in known


def _conditional(request: HttpRequest, etag: str) -> Callable[[Response], Response | None]:
    """Answer 304 to those who have this very answer already."""

    def answer(response: Response) -> None:
        told = etag or _etag(response.content)
        response["ETag"] = told
        if _is_known(request, told):
            response.status_code = 304
            response.content = b""
            del response["Content-Type"]

    return answer
