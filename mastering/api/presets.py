"""Presets: settings under a name."""

from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.rest import ApiRequest, ApiView, describe, idempotent, listed, page_of
from accounts.rest.paging import Page
from mastering import services
from mastering.models import Preset
from mastering.serializers.settings import (
    PresetChanges,
    PresetForm,
    PresetShape,
    settings_from,
)


class PresetsView(ApiView):
    resource = "presets"

    @describe("List presets", listed(PresetShape), query=Page)
    def get(self, request: ApiRequest) -> Response:
        rows = Preset.objects.of(request.user)
        return page_of(self, rows, lambda preset: self.show(PresetShape, preset))

    @describe(
        "Create a preset", PresetShape, status=201, request=PresetForm, once=True, errors=(409,)
    )
    @idempotent()
    def post(self, request: ApiRequest) -> Response:
        said = self.read(PresetForm)
        preset = services.save_preset(
            user=request.user, name=said["name"], settings=settings_from(said["settings"])
        )
        headers = {"Location": reverse("api:preset", args=[preset.pk])}
        return Response(self.show(PresetShape, preset), status=201, headers=headers)


class PresetView(ApiView):
    resource = "presets"

    def preset(self, preset_id: str) -> Preset:
        return self.find(Preset.objects.of(self.request.user), preset_id)

    @describe("Read a preset", PresetShape, errors=(404,))
    def get(self, request: ApiRequest, preset_id: str) -> Response:
        return Response(self.show(PresetShape, self.preset(preset_id)))

    @describe("Change a preset", PresetShape, request=PresetChanges, errors=(404, 409))
    def patch(self, request: ApiRequest, preset_id: str) -> Response:
        preset, said = self.preset(preset_id), self.read(PresetChanges)
        settings = None
        if "settings" in said:
            settings = settings_from(said["settings"], based_on=preset.chosen)
        saved = services.save_preset(
            user=request.user, name=said.get("name"), settings=settings, preset=preset
        )
        return Response(self.show(PresetShape, saved))

    @describe("Delete a preset", status=204, errors=(404,))
    def delete(self, request: ApiRequest, preset_id: str) -> Response:
        self.preset(preset_id).delete()
        return Response(status=204)
