"""Several masters of one mix side by side, and exact processing applied to other files."""

from typing import Any

from rest_framework.response import Response

from accounts.rest import ApiRequest, describe, idempotent
from billing.http import credits_left
from mastering import services
from mastering.api.found import MasteringView
from mastering.api.masters import EXPANDABLE
from mastering.http import matrix_of
from mastering.models import Master
from mastering.serializers.masters import (
    ApplyForm,
    ApplyQuote,
    Comparison,
    MasterShape,
)


class ComparisonView(MasteringView):
    @describe(
        "Compare the masters of a mix",
        Comparison,
        errors=(404, 410),
        description="All masters of the mix of this one, with its loudest part at one loudness.",
    )
    def get(self, request: ApiRequest, master_id: str) -> Response:
        mine = Master.objects.of(request.user).of_mode(is_test=self.is_test)
        masters = list(mine.siblings(self.master(master_id)))
        player = matrix_of(masters) or {}
        loop = player.get("loop") or (None, None)
        # The first source is the mix itself; the others are the finished masters, in order.
        gains = iter(player.get("sources", [])[1:])
        return Response(
            {
                "mix": masters[0].mix_id,
                "start_seconds": loop[0],
                "end_seconds": loop[1],
                "data": [_compared(master, gains) for master in masters],
            }
        )


class MasterPreferView(MasteringView):
    @describe(
        "Take one of several masters",
        MasterShape,
        errors=(404, 410),
        expand=EXPANDABLE,
        description="Stars its version in use, as the page of the comparison does.",
    )
    def post(self, request: ApiRequest, master_id: str) -> Response:
        services.prefer(master=self.master(master_id))
        return Response(self.shown_master(self.master(master_id)))


class VersionApplyView(MasteringView):
    @describe(
        "Apply a version to another file",
        MasterShape,
        status=202,
        also={200: ApplyQuote},
        request=ApplyForm,
        once=True,
        expand=EXPANDABLE,
        errors=(402, 404, 409, 410, 429, 503),
        description=(
            "Exactly what was done to it is done to another file of the song, as a master of its "
            "own; five of them are included in the song's credit. With `dry_run` nothing is made, "
            "and the answer is a 200 with the cost."
        ),
    )
    @idempotent()
    def post(self, request: ApiRequest, version_id: str) -> Response:
        version, said = self.version(version_id), self.read(ApplyForm)
        mix = self.mix(said["mix"])
        if said["dry_run"]:
            return Response(_quote(self, version, mix))
        made = services.apply_frozen(version=version, mix=mix, title=said.get("title", ""))
        return self.accepted(made.pk)


def _compared(master: Master, sources: Any) -> dict[str, Any]:
    version = master.shown
    is_made = version.has_succeeded
    return {
        "master": master.pk,
        "reference": master.reference_id,
        "reference_title": master.reference.title,
        "version": version.pk,
        "status": version.status.lower(),
        "verdict": version.report["verdict"]["code"] if is_made else None,
        "axes": version.report["axes"] if is_made else None,
        "loudness_lufs": version.loudness_lufs,
        "true_peak_dbtp": version.true_peak_dbtp,
        "gain_db": next(sources)["gain_db"] if is_made else None,
        "is_starred": bool(getattr(getattr(version, "remark", None), "is_starred", False)),
        "url": f"/api/v1/versions/{version.pk}/listen" if is_made else None,
    }


def _quote(view: MasteringView, version: Any, mix: Any) -> dict[str, Any]:
    user, source = view.request.user, version.master
    left = services.left_to_freeze(user=user, version=version)
    cost = services.cost_credits(user=user, mix=source.mix, reference=source.reference)
    available = credits_left(user)
    is_usable = version.has_succeeded and mix.has_sound and not mix.has_failed
    return {
        "dry_run": True,
        "would_be_accepted": is_usable and left > 0 and cost <= available,
        "left": left,
        "cost": {"credits": cost, "available": available},
    }
