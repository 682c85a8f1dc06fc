"""The reference library: entries, their profiles, and how they suit a mix."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.core.files.storage import default_storage
from django.http import HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.errors import NotReady
from accounts.rest import ApiRequest, ApiView, describe, idempotent, listed
from accounts.rest.paging import page
from references.api.uploads import take_statement
from references.errors import LibraryRefused
from references.forms.library import cursor_of
from references.messages import refusal_message
from references.messages.suitability import suitability_words
from references.models import AudioFile, Reference
from references.models.library import RANGES
from references.ranking import better_reference, rank_library, suitability_of
from references.serializers.library import (
    BulkAct,
    BulkDone,
    PairQuery,
    ProfileDocument,
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
    clean_filename,
    drop_sound,
    edit_reference,
    edit_references,
    enter_upload,
    export_profile,
    keep_reference,
    remove_audio,
    remove_references,
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
        order = asked["sort"]
        rows = _chosen(self.library.kept(), asked).with_use_count().sorted_by(order)
        if "place" in asked:
            rows = rows.after(order, *asked["place"])
        return page(
            self,
            rows if self.expand else rows.light(),
            lambda row: self.show(ReferenceShape, row),
            limit=asked["limit"],
            cursor_of=cursor_of,
        )

    @contextmanager
    def _stored(self) -> Iterator[tuple[dict[str, Any], AudioFile | None]]:
        said = self.read(ReferenceForm)
        take_statement(self, said)
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
            "With a file, or with an upload of yours. The file may be a profile document, as "
            "`GET /references/{id}/document` answers it: then there is no sound to it. A track "
            "that is there already is not added twice: its entry is what is answered."
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


class ReferencesBulkView(LibraryView):
    @describe(
        "Change several references",
        BulkDone,
        request=BulkAct,
        once=True,
        description=(
            "`describe` adds and removes tags and sets what else is said, `drop_sound` keeps the "
            "profiles alone, `delete` takes them out. Ids that are none of yours are refused one "
            "by one, and change nothing of the rest."
        ),
    )
    @idempotent()
    def post(self, request: ApiRequest) -> Response:
        said = self.read(BulkAct)
        named, user = list(dict.fromkeys(said["ids"])), request.user
        entries = {entry.pk: entry for entry in self.library.filter(pk__in=named)}
        done = [pk for pk in named if pk in entries]
        refused = dict.fromkeys((pk for pk in named if pk not in entries), "not_found")
        match said["act"]:
            case "delete":
                remove_references(user=user, ids=done)
            case "drop_sound":
                for pk in done:
                    try:
                        drop_sound(reference=entries[pk])
                    except LibraryRefused as refusal:
                        refused[pk] = refusal.code
            case _:
                names = ("add_tags", "remove_tags", "genre", "artist")
                told = {name: said[name] for name in names if name in said}
                edit_references(user=user, ids=done, **told)
        return Response(
            {
                "done": [pk for pk in done if pk not in refused],
                "refused": [
                    {"id": pk, "code": code, "detail": _sentence(code)}
                    for pk, code in refused.items()
                ],
            }
        )


class ReferenceDropSoundView(LibraryView):
    @describe(
        "Drop the sound of a reference",
        ReferenceShape,
        errors=(404, 409),
        description=(
            "Deletes its audio in every copy, and keeps what was measured: masters toward it come "
            "out the same. Asked again, it answers the same."
        ),
    )
    def post(self, request: ApiRequest, reference_id: str) -> Response:
        drop_sound(reference=self.find(self.library, reference_id))
        return Response(self.show(ReferenceShape, self.find(self.library, reference_id)))


class ReferenceDocumentView(LibraryView):
    @describe(
        "Export the profile of a reference",
        ProfileDocument,
        errors=(404, 409, 503),
        description="A document that any library takes as the file of a new reference.",
    )
    def get(self, request: ApiRequest, reference_id: str) -> HttpResponseBase:
        entry = self.find(self.library, reference_id)
        response = HttpResponse(export_profile(reference=entry), content_type="application/json")
        name = clean_filename(f"{entry.title} (Lacquer profile).json")
        response["Content-Disposition"] = content_disposition_header(True, name)  # noqa: FBT003
        response["Cache-Control"] = "private"
        return response


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
    names = ("title", "artist", "genre", "notes", "tags")
    return {name: said.get(name, getattr(entry, name)) for name in names}


def _chosen(library: Any, asked: dict[str, Any]) -> Any:
    """Return what a query asks for, unsorted."""
    between = {name: (asked.get(f"{name}_min"), asked.get(f"{name}_max")) for name in RANGES}
    library = library.saying(asked.get("q", "")).measuring(**between)
    if "genre" in asked:
        library = library.filter(genre__iexact=asked["genre"])
    if "kind" in asked:
        library = library.filter(origin=asked["kind"].upper())
    if "tag" in asked:
        library = library.tagged(asked["tag"])
    if trust := asked.get("trust"):
        library = library.trusted() if trust == "full" else library.doubtful()
    if sound := asked.get("sound"):
        library = library.with_sound() if sound == "kept" else library.profiles_alone()
    return library.doubled() if asked["doubles"] else library


def _sentence(code: str) -> str:
    if code == "not_found":
        return str(_("There is no such thing of yours."))
    told = refusal_message(code)
    return " ".join(filter(None, (str(told.text), str(told.advice))))
