"""What entries of the library are made from: starters of this site, and blends of one's own."""

from pathlib import PurePosixPath
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.rest import ApiRequest, describe, idempotent
from dsp.weights import ASPECTS, Weights
from references.api.library import LibraryView
from references.messages.library import RIGHTS
from references.models import Blend, Reference
from references.models.blends import shares_of
from references.serializers.blends import BlendForm, BlendShape, Rights, Starters
from references.serializers.library import ReferenceShape
from references.services import (
    STARTERS,
    create_blend,
    has_stated_rights,
    sources_of,
    use_starter,
)


class StartersView(LibraryView):
    @describe(
        "List starters",
        Starters,
        description="Profiles of this site, averaged from freely licensed tracks.",
    )
    def get(self, request: ApiRequest) -> Response:
        used = dict(self.library.kept().exclude(starter="").values_list("starter", "pk"))
        shown = [
            {
                "code": code,
                "title": str(starter.title),
                "text": str(starter.text),
                "genre": starter.genre,
                "tracks": [
                    {
                        "title": track.get("title") or PurePosixPath(track["path"]).stem,
                        "artist": track.get("artist", ""),
                        "licence": track["licence"],
                    }
                    for track in sources_of(code)
                ],
                "reference": used.get(code),
            }
            for code, starter in STARTERS.items()
        ]
        return Response({"data": shown})


class StarterView(LibraryView):
    @describe(
        "Use a starter",
        ReferenceShape,
        status=201,
        once=True,
        errors=(404, 429, 503),
        description="Puts it into your library; once it is there, that entry is answered.",
    )
    @idempotent()
    def post(self, request: ApiRequest, starter_code: str) -> Response:
        if starter_code not in STARTERS:
            raise NotFound
        used = use_starter(user=request.user, code=starter_code, is_test=self.is_test)
        entry = self.find(self.library, used.pk)
        headers = {"Location": reverse("api:reference", args=[entry.pk])}
        return Response(self.show(ReferenceShape, entry), status=201, headers=headers)


class RightsView(LibraryView):
    @describe(
        "Read whether rights are stated",
        Rights,
        description="Stated with `states_rights`, where a reference is brought, or on the page.",
    )
    def get(self, request: ApiRequest) -> Response:
        stated = has_stated_rights(user=request.user)
        return Response({"stated": stated, "statement": str(RIGHTS)})


class BlendsView(LibraryView):
    @describe(
        "Create a blend",
        BlendShape,
        status=201,
        request=BlendForm,
        once=True,
        errors=(404, 409, 429, 503),
        description=(
            "Queues one profile to be mixed of several references. The blend is an entry of the "
            "library, of the `kind` blend, and is used wherever a reference is. It never changes."
        ),
    )
    @idempotent()
    def post(self, request: ApiRequest) -> Response:
        said = self.read(BlendForm)
        parts = [
            (
                self.find(self.library, part["reference"]),
                Weights(**{aspect: part[aspect] for aspect in ASPECTS}),
            )
            for part in said["parts"]
        ]
        made = create_blend(user=request.user, title=said["title"], parts=parts)
        headers = {"Location": reverse("api:blend", args=[made.pk])}
        return Response(_shown(self, made.pk), status=201, headers=headers)


class BlendView(LibraryView):
    @describe("Read a blend", BlendShape, errors=(404,))
    def get(self, request: ApiRequest, blend_id: str) -> Response:
        return Response(_shown(self, blend_id))


def _shown(view: LibraryView, blend_id: str) -> dict[str, Any]:
    entry = view.find(view.library, blend_id)
    made = Blend.objects.of(view.request.user).with_parts().filter(audio=entry.audio_id).first()
    if made is None:
        raise NotFound
    parts = list(made.parts.all())
    sources = Reference.objects.filter(audio__in=[part.audio_id for part in parts])
    entries = dict(sources.values_list("audio", "pk"))
    return view.show(ReferenceShape, entry) | {
        "parts": [
            {
                "reference": entries.get(part.audio_id),
                "title": part.title,
                "weights": part.weights.as_dict(),
                "shares": shares,
            }
            for part, shares in zip(parts, shares_of(parts), strict=True)
        ]
    }
