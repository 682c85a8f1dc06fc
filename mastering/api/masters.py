"""Masters: asked for, tried dry, read, cancelled, deleted."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.rest import ApiRequest, ApiView, describe, idempotent, listed, page_of
from billing.http import credits_left
from dsp.settings import MasterSettings
from mastering import services
from mastering.api.found import MasteringView
from mastering.messages import failure_message
from mastering.models import Version
from mastering.serializers.masters import (
    DryRun,
    MasterChanges,
    MasterForm,
    MasterQuery,
    MasterSet,
    MasterShape,
    SimpleForm,
    stamp_of,
)
from mastering.serializers.settings import Settings
from references.messages import audio_messages
from references.messages.suitability import suitability_words
from references.models import AudioFile
from references.ranking import suitability_of
from references.services import enter_upload, stored_upload

EXPANDABLE = ("mix", "reference", "versions")
MASTER_OR_SET = PolymorphicProxySerializer(
    component_name="MasterOrSet",
    serializers=[MasterShape, MasterSet],
    resource_type_field_name=None,
)


class MastersView(MasteringView):
    @describe("List masters", listed(MasterShape), query=MasterQuery, expand=EXPANDABLE)
    def get(self, request: ApiRequest) -> Response:
        asked = self.asked(MasterQuery)
        rows = self.masters
        if "mix" in asked:
            rows = rows.filter(mix=asked["mix"])
        if "status" in asked:
            newest = Version.objects.filter(master=OuterRef("pk")).order_by("-number")
            rows = rows.annotate(newest=Subquery(newest.values("status")[:1]))
            wanted: dict[str, Any] = {"newest": asked["status"].upper()}
            rows = rows.filter(**wanted)
        return page_of(self, rows, self.shown_master, asked=asked)

    @describe(
        "Create a master",
        MASTER_OR_SET,
        status=202,
        also={200: DryRun},
        request=MasterForm,
        once=True,
        expand=EXPANDABLE,
        errors=(402, 404, 409, 429, 503),
        description=(
            "Queues the first version; a credit is reserved, and taken when it is delivered. It "
            "begins once both tracks are measured. With `references` there is a master toward "
            "each, and `Location` tells where they are compared. With `dry_run` nothing is made, "
            "and the answer is a 200 with what would be."
        ),
    )
    @idempotent()
    def post(self, request: ApiRequest) -> Response:
        said = self.read(MasterForm)
        named = said.get("references") or [said["reference"]]
        mix, references = self.mix(said["mix"]), [self.track_toward(each) for each in named]
        settings = self.settings_of(said)
        if said["dry_run"]:
            return Response(_dry_run(self, mix, list(dict.fromkeys(references)), settings))
        previous = said.get("previous")
        masters = services.submit_masters(
            user=request.user,
            mix=mix,
            references=references,
            settings=settings,
            title=said.get("title", ""),
            previous=self.find(self.masters, previous) if previous else None,
            genre=said.get("genre", ""),
            release=said.get("release", ""),
        )
        if "references" not in said:
            return self.accepted(masters[0].pk)
        place = reverse("api:comparison", args=[masters[0].pk])
        shown = [self.shown_master(self.master(each.pk)) for each in masters]
        headers = {"Location": place, "Retry-After": "2"}
        return Response({"data": shown, "comparison": place}, status=202, headers=headers)


class MasterView(MasteringView):
    @describe("Read a master", MasterShape, errors=(404, 410), expand=EXPANDABLE)
    def get(self, request: ApiRequest, master_id: str) -> Response:
        if self.expand:
            return Response(self.shown_master(self.master(master_id)))
        master = self.glance(master_id)
        return self.unless_known(stamp_of(master)) or Response(self.shown_master(master))

    @describe(
        "Change a master",
        MasterShape,
        request=MasterChanges,
        errors=(404, 409, 410),
        expand=EXPANDABLE,
        description="Its title, or the version in use.",
    )
    def patch(self, request: ApiRequest, master_id: str) -> Response:
        master, said = self.master(master_id), self.read(MasterChanges)
        if "version" in said:
            mine = self.versions.filter(master=master)
            services.show(version=self.find(mine, said["version"]))
        if "title" in said:
            services.rename(master=master, title=said["title"])
        return Response(self.shown_master(self.master(master_id)))

    @describe(
        "Delete a master",
        status=204,
        errors=(404, 410),
        description="With its versions, and its tracks where nothing else needs them.",
    )
    def delete(self, request: ApiRequest, master_id: str) -> Response:
        services.delete_master(master=self.master(master_id))
        return Response(status=204)


class MasterCancelView(MasteringView):
    @describe(
        "Cancel a master",
        MasterShape,
        errors=(404, 410),
        expand=EXPANDABLE,
        description=(
            "Ends its newest version, unless it has ended; the credit is given back. Asked again, "
            "it answers the same."
        ),
    )
    def post(self, request: ApiRequest, master_id: str) -> Response:
        services.cancel(version=self.master(master_id).latest)
        return Response(self.shown_master(self.master(master_id)))


class SimpleMasterView(MasteringView):
    most_files = 2
    parser_classes = (MultiPartParser,)

    @contextmanager
    def _stored(self) -> Iterator[tuple[dict[str, Any], list[AudioFile]]]:
        said = self.read(SimpleForm)
        services.refuse_if_busy()
        with ExitStack() as stack:
            tracks = [
                stack.enter_context(
                    stored_upload(
                        user=self.request.user,
                        kind=AudioFile.Kind(name.upper()),
                        file=said.pop(name),
                        is_test=self.is_test,
                    )
                )
                for name in ("mix", "reference")
            ]
            yield said, tracks

    @describe(
        "Master two files with one request",
        MasterShape,
        status=202,
        request=SimpleForm,
        files=True,
        once=True,
        errors=(402, 404, 409, 429, 503),
        description="Both are uploaded, and a master is queued; poll where `Location` says.",
    )
    @idempotent(before=_stored)
    def post(
        self, request: ApiRequest, *, stored: tuple[dict[str, Any], list[AudioFile]]
    ) -> Response:
        said, (mix, reference) = stored
        title, preset = said.pop("title", ""), said.pop("preset", None)
        settings = self.settings_of(
            {"settings": _form_settings(said), **({"preset": preset} if preset else {})}
        )
        enter_upload(audio=mix)
        enter_upload(audio=reference)
        master = services.submit_master(
            user=request.user, mix=mix, reference=reference, settings=settings, title=title
        )
        return self.accepted(master.pk)


def _form_settings(said: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that a form says field by field, each checked as in JSON."""
    form = Settings(data=said)
    form.is_valid(raise_exception=True)
    valid: dict[str, Any] = form.validated_data
    return valid


def _dry_run(
    view: ApiView, mix: AudioFile, references: list[AudioFile], settings: MasterSettings
) -> dict[str, Any]:
    user = view.request.user
    cost = services.cost_of_all(user=user, pairs=[(mix, each) for each in references])
    available = credits_left(user)
    warnings = [
        {"about": about, "code": told.code, "title": told.title, "detail": told.text}
        for about, audio in (("mix", mix), *(("reference", each) for each in references))
        for told in audio_messages(audio, about)
    ]
    for reference in references:
        if not (mix.is_ready and reference.is_ready):
            continue
        words = suitability_words(suitability_of(mix, reference))
        if words.verdict != "good":
            warnings.append(
                {
                    "about": "pair",
                    "code": words.verdict,
                    "title": words.title,
                    "detail": words.summary,
                }
            )
        warnings += [
            {"about": "pair", "code": told.code, "title": told.title, "detail": told.text}
            for told in words.findings
        ]
    is_usable = not any(track.has_failed for track in (mix, *references))
    if cost > available:
        told = failure_message("no_credits")
        warnings.append(
            {"about": "credits", "code": told.code, "title": told.title, "detail": told.text}
        )
    return {
        "dry_run": True,
        "would_be_accepted": is_usable and cost <= available,
        "mix": mix.pk,
        "reference": references[0].pk,
        "references": [each.pk for each in references],
        "settings": settings.as_dict(),
        "warnings": warnings,
        "cost": {"credits": cost, "available": available},
    }
