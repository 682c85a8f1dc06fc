"""The reference library: entries, their profiles, and how they suit a mix."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Q
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.errors import NotReady
from accounts.rest import ApiRequest, ApiView, describe, idempotent, listed, page_of
from references.messages.suitability import suitability_words
from references.models import AudioFile, Reference
from references.ranking import better_reference, rank_library, suitability_of
from references.serializers import (
    PairQuery,
    Ranking,
    RankQuery,
    ReferenceFields,
    ReferenceForm,
    ReferenceOfUpload,
    ReferenceQuery,
    ReferenceShape,
    SuitabilityShape,
)
from references.services import (
    edit_reference,
    enter_upload,
    keep_reference,
    remove_audio,
    stored_upload,
)

PROFILE_NAME = "profile.json.gz"


class LibraryView(ApiView):
    """What endpoints of the library share."""

    resource = "references"

    @property
    def library(self) -> Any:
        return Reference.objects.of(self.request.user).of_mode(is_test=self.is_test)

    def mix(self, audio_id: str) -> AudioFile:
        """Return a measured mix that a query names.

        Raises
        ------
        NotReady
        """
        mine = AudioFile.objects.of(self.request.user).of_mode(is_test=self.is_test)
        audio = self.find(mine, audio_id)
        if not audio.is_ready:
            raise NotReady
        return audio


class ReferencesView(LibraryView):
    most_files = 1
    parser_classes = (JSONParser, MultiPartParser)

    @describe("List references", listed(ReferenceShape), query=ReferenceQuery, expand=("audio",))
    def get(self, request: ApiRequest) -> Response:
        asked = self.asked(ReferenceQuery)
        rows = self.library.kept()
        if "genre" in asked:
            rows = rows.filter(genre__iexact=asked["genre"])
        if "q" in asked:
            said = asked["q"]
            rows = rows.filter(Q(title__icontains=said) | Q(artist__icontains=said))
        return page_of(self, rows, lambda row: self.show(ReferenceShape, row), asked=asked)

    @contextmanager
    def _stored(self) -> Iterator[tuple[dict[str, Any], AudioFile | None]]:
        said = self.read(ReferenceForm)
        file = said.pop("file", None)
        if file is None:
            yield said, None
            return
        kind = AudioFile.Kind.REFERENCE
        with stored_upload(
            user=self.request.user, kind=kind, file=file, is_test=self.is_test
        ) as audio:
            yield said, audio

    @describe(
        "Add a reference",
        ReferenceShape,
        status=201,
        request={"multipart/form-data": ReferenceForm, "application/json": ReferenceOfUpload},
        once=True,
        errors=(404, 429, 503),
        description=(
            "With a file, or with an upload of yours. A track that is there already is not added "
            "twice: its entry is what is answered."
        ),
    )
    @idempotent(before=_stored)
    def post(
        self, request: ApiRequest, *, stored: tuple[dict[str, Any], AudioFile | None]
    ) -> Response:
        said, audio = stored
        if audio is not None:
            enter_upload(audio=audio)
        else:
            mine = AudioFile.objects.of(request.user).of_mode(is_test=self.is_test)
            audio = self.find(mine, said.pop("audio"))
        same = self.library.kept().filter(audio__sha256=audio.sha256).exclude(audio__sha256="")
        entry = same.first() or keep_reference(user=request.user, audio=audio)
        entry = edit_reference(reference=entry, **_described(entry, said))
        entry.refresh_from_db()
        headers = {"Location": reverse("api:reference", args=[entry.pk])}
        return Response(self.show(ReferenceShape, entry), status=201, headers=headers)


class ReferenceView(LibraryView):
    @describe("Read a reference", ReferenceShape, errors=(404,), expand=("audio",))
    def get(self, request: ApiRequest, reference_id: str) -> Response:
        return Response(self.show(ReferenceShape, self.find(self.library, reference_id)))

    @describe("Change a reference", ReferenceShape, request=ReferenceFields, errors=(404,))
    def patch(self, request: ApiRequest, reference_id: str) -> Response:
        entry = self.find(self.library, reference_id)
        said = self.read(ReferenceFields)
        edit_reference(reference=entry, **_described(entry, said))
        return Response(self.show(ReferenceShape, entry))

    @describe(
        "Delete a reference",
        status=204,
        errors=(404,),
        description="Its audio is deleted too, unless a master needs it.",
    )
    def delete(self, request: ApiRequest, reference_id: str) -> Response:
        remove_audio(audio=self.find(self.library, reference_id).audio)
        return Response(status=204)


class ReferenceProfileView(LibraryView):
    @describe(
        "Read the profile of a reference",
        dict,
        errors=(404, 409),
        description="All that was measured: enough to master toward it without its audio.",
    )
    def get(self, request: ApiRequest, reference_id: str) -> Response:
        audio = self.find(self.library, reference_id).audio
        if not audio.is_ready:
            raise NotReady
        with default_storage.open(audio.key(PROFILE_NAME)) as stored:
            return Response(json.loads(gzip.decompress(stored.read())))


class ReferenceSuitabilityView(LibraryView):
    @describe(
        "Tell how well a reference suits a mix",
        SuitabilityShape,
        query=PairQuery,
        errors=(404, 409),
    )
    def get(self, request: ApiRequest, reference_id: str) -> Response:
        entry = self.find(self.library, reference_id)
        asked = self.asked(PairQuery)
        mix = self.mix(asked["mix"])
        if not entry.audio.is_ready:
            raise NotReady
        found = suitability_of(mix, entry.audio, genre=asked.get("genre", ""))
        words = suitability_words(found)
        better = None
        if found["verdict"] != "good":
            better = better_reference(mix, entry.audio, score=found["score"])
        return Response(
            {
                "mix": mix.pk,
                "reference": entry.pk,
                "score": found["score"],
                "verdict": found["verdict"],
                "title": words.title,
                "summary": words.summary,
                "reasons": [asdict(reason) for reason in words.reasons],
                "axes": [asdict(axis) for axis in words.axes],
                "better": better and better.pk,
            }
        )


class RankView(LibraryView):
    @describe(
        "Rank references for a mix",
        Ranking,
        query=RankQuery,
        errors=(404, 409),
        description="Your measured references, the most suitable first.",
    )
    def get(self, request: ApiRequest) -> Response:
        asked = self.asked(RankQuery)
        mix = self.mix(asked["mix"])
        ranked = rank_library(mix, among=self.library.usable(), most=asked["limit"])
        shown = [
            {
                "reference": self.show(ReferenceShape, each.reference),
                "score": each.score,
                "reasons": list(each.comparison["reasons"]),
            }
            for each in ranked
        ]
        return Response({"mix": mix.pk, "data": shown})


def _described(entry: Reference, said: dict[str, Any]) -> dict[str, Any]:
    """Return all that is said of an entry, with what is new of it."""
    names = ("title", "artist", "genre", "notes")
    return {name: said.get(name, getattr(entry, name)) for name in names}
