"""What endpoints of mastering share: one's own rows in the mode of the key, and their answers."""

from typing import Any

from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.errors import NotReady
from accounts.rest import ApiView
from dsp.settings import MasterSettings
from mastering.models import Master, MasterQuerySet, Preset, Version, VersionQuerySet
from mastering.serializers.masters import MasterShape, VersionShape
from mastering.serializers.settings import settings_from
from references.models import AudioFile, Reference


class MasteringView(ApiView):
    resource = "masters"

    @property
    def masters(self) -> MasterQuerySet:
        mine = Master.objects.of(self.request.user).of_mode(is_test=self.is_test)
        if self.expand:
            return mine.select_related("current").with_versions()
        return mine.as_listed()

    @property
    def versions(self) -> VersionQuerySet:
        mine = Version.objects.of(self.request.user).select_related("remark")
        return mine.filter(master__is_test=self.is_test)

    def master(self, master_id: str) -> Master:
        return self.find(self.masters, master_id)

    def glance(self, master_id: str) -> Master:
        """Return a master as polls show it, which come every second."""
        mine = Version.objects.filter(user=self.request.user, master__is_test=self.is_test)
        return mine.glance(master_id) or self.master(master_id)

    def version(self, version_id: str) -> Version:
        return self.find(self.versions, version_id)

    def made(self, version_id: str) -> Version:
        """Return a version that was made.

        Raises
        ------
        NotReady
        """
        version = self.version(version_id)
        if not version.has_succeeded:
            raise NotReady
        return version

    def mix(self, audio_id: str) -> AudioFile:
        mine = AudioFile.objects.of(self.request.user).of_mode(is_test=self.is_test)
        return self.find(mine, audio_id)

    def track_toward(self, named: str) -> AudioFile:
        """Return the track that an upload's id names, or that of an entry of the library."""
        if named.startswith("aud_"):
            return self.mix(named)
        library = Reference.objects.of(self.request.user).of_mode(is_test=self.is_test)
        return self.find(library, named).audio

    def settings_of(
        self, said: dict[str, Any], *, based_on: MasterSettings | None = None
    ) -> MasterSettings:
        """Return what is chosen: a preset's settings, and before them those that are said."""
        if "preset" in said:
            presets = Preset.objects.of(self.request.user)
            based_on = self.find(presets, said["preset"]).chosen
        return settings_from(said.get("settings"), based_on=based_on)

    def shown_master(self, master: Master) -> dict[str, Any]:
        return self.show(MasterShape, master)

    def shown_version(self, version: Version) -> dict[str, Any]:
        return self.show(VersionShape, version)

    def accepted(self, master_id: str) -> Response:
        """Answer with a master that will be made, and where to ask how far it is."""
        headers = {"Location": reverse("api:master", args=[master_id]), "Retry-After": "2"}
        return Response(self.shown_master(self.master(master_id)), status=202, headers=headers)

    def accepted_version(self, version_id: str) -> Response:
        headers = {"Location": reverse("api:version", args=[version_id]), "Retry-After": "2"}
        shown = self.shown_version(self.version(version_id))
        return Response(shown, status=202, headers=headers)
