from django.urls import path

from mastering.api import albums, made, masters, presets, sets, site, versions

urlpatterns = [
    path("capabilities", site.CapabilitiesView.as_view(), name="capabilities"),
    path("usage", site.UsageView.as_view(), name="usage"),
    path("simple/master", masters.SimpleMasterView.as_view(), name="simple"),
    path("masters", masters.MastersView.as_view(), name="masters"),
    path("presets", presets.PresetsView.as_view(), name="presets"),
    path("presets/<id:preset_id>", presets.PresetView.as_view(), name="preset"),
    path("exports", made.ExportsView.as_view(), name="exports"),
    path("exports/<id:export_id>", made.ExportView.as_view(), name="export"),
    path("exports/<id:export_id>/file", made.ExportFileView.as_view(), name="export-file"),
    path("shares", made.SharesView.as_view(), name="shares"),
    path("shares/<id:share_id>", made.ShareView.as_view(), name="share"),
    path("shares/<id:share_id>/revoke", made.ShareRevokeView.as_view(), name="share-revoke"),
    path("previews/<id:preview_id>", versions.PreviewView.as_view(), name="preview"),
    path(
        "previews/<id:preview_id>/audio", versions.PreviewAudioView.as_view(), name="preview-audio"
    ),
    *(
        path(f"masters/<id:master_id>{ending}", view.as_view(), name=name)
        for ending, view, name in (
            ("", masters.MasterView, "master"),
            ("/cancel", masters.MasterCancelView, "master-cancel"),
            ("/versions", versions.MasterVersionsView, "master-versions"),
            ("/previews", versions.MasterPreviewsView, "master-previews"),
            ("/comparison", sets.ComparisonView, "comparison"),
            ("/prefer", sets.MasterPreferView, "master-prefer"),
            ("/tags", made.TagsView, "tags"),
        )
    ),
    *(
        path(f"versions/<id:version_id>{ending}", view.as_view(), name=name)
        for ending, view, name in (
            ("", versions.VersionView, "version"),
            ("/cancel", versions.VersionCancelView, "version-cancel"),
            ("/retry", versions.VersionRetryView, "version-retry"),
            ("/report", versions.VersionReportView, "report"),
            ("/report.pdf", versions.VersionReportPdfView, "report-pdf"),
            ("/provenance", versions.VersionProvenanceView, "provenance"),
            ("/waveform", versions.VersionWaveformView, "version-waveform"),
            ("/listen", versions.VersionListenView, "version-listen"),
            ("/files/<slug:format_code>", versions.VersionFileView, "version-file"),
            ("/plots/<slug:kind>.csv", versions.VersionPlotView, "version-plot"),
            ("/exports", made.VersionExportsView, "version-exports"),
            ("/apply", sets.VersionApplyView, "version-apply"),
            ("/release-check", made.ReleaseCheckView, "release-check"),
        )
    ),
    path("albums", albums.AlbumsView.as_view(), name="albums"),
    *(
        path(f"albums/<id:album_id>{ending}", view.as_view(), name=name)
        for ending, view, name in (
            ("", albums.AlbumView, "album"),
            ("/songs", albums.AlbumSongsView, "album-songs"),
            ("/songs/<id:song_id>", albums.AlbumSongView, "album-song"),
            ("/submit", albums.AlbumSubmitView, "album-submit"),
            ("/archives", albums.AlbumArchivesView, "album-archives"),
            ("/archives/<id:archive_id>", albums.AlbumArchiveView, "album-archive"),
            ("/archives/<id:archive_id>/file", albums.AlbumArchiveFileView, "album-archive-file"),
        )
    ),
]
