"""Paths of masters."""

from django.urls import path

from mastering import views
from mastering.views import (
    exports,
    guides,
    listening,
    pairs,
    reports,
    shares,
    storage,
    verification,
)

app_name = "mastering"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", views.new, name="new"),
    path("new/pair/", pairs.suitability, name="suitability"),
    path("guides/", guides.guides, name="guides"),
    path("guides/<slug:slug>/", guides.guide, name="guide"),
    path("verify/", verification.verify, name="verify"),
    path("storage/", storage.storage, name="storage"),
    path("masters/", views.history, name="list"),
    path("masters/<str:master_id>/", views.detail, name="detail"),
    path("masters/<str:master_id>/status/", views.status, name="status"),
    path("masters/<str:master_id>/cancel/", views.cancel, name="cancel"),
    path("masters/<str:master_id>/retry/", views.retry, name="retry"),
    path("masters/<str:master_id>/delete/", views.delete, name="delete"),
    path("masters/<str:master_id>/versions/", views.versions, name="versions"),
    path("masters/<str:master_id>/try/", listening.try_settings, name="try"),
    path("masters/<str:master_id>/matrix/", listening.matrix, name="matrix"),
    path("masters/<str:master_id>/siblings/", listening.siblings, name="siblings"),
    path("masters/<str:master_id>/use/", listening.use, name="use"),
    path("masters/<str:master_id>/previews/<str:preview_id>/", listening.preview, name="preview"),
    path(
        "masters/<str:master_id>/previews/<str:preview_id>/excerpt.flac",
        listening.excerpt,
        name="excerpt",
    ),
    path(
        "masters/<str:master_id>/previews/<str:preview_id>/waveform.json",
        listening.excerpt_waveform,
        name="excerpt_waveform",
    ),
    path("masters/<str:master_id>/<int:number>/state.json", listening.state, name="state"),
    path("masters/<str:master_id>/<int:number>/restore/", listening.restore, name="restore"),
    path("masters/<str:master_id>/<int:number>/remark/", listening.remark, name="remark"),
    path("masters/<str:master_id>/<int:number>/blind/", listening.blind_test, name="blind"),
    path("masters/<str:master_id>/<int:number>/listen/", views.listen, name="listen"),
    path("masters/<str:master_id>/<int:number>/waveform.json", views.waveform, name="waveform"),
    path("masters/<str:master_id>/<int:number>/plots.json", views.plots, name="plots"),
    path(
        "masters/<str:master_id>/<int:number>/download/<slug:format_code>/",
        views.download,
        name="download",
    ),
    path("masters/<str:master_id>/tags/", exports.tags, name="tags"),
    path("masters/<str:master_id>/cover/", exports.cover, name="cover"),
    path("masters/<str:master_id>/<int:number>/exports/", exports.exports, name="exports"),
    path(
        "masters/<str:master_id>/<int:number>/exports/<str:export_id>/",
        exports.exported,
        name="exported",
    ),
    path("masters/<str:master_id>/<int:number>/release/", exports.check, name="check"),
    path(
        "masters/<str:master_id>/<int:number>/safe-ceiling/",
        exports.safe_ceiling,
        name="safe-ceiling",
    ),
    path(
        "masters/<str:master_id>/<int:number>/plots/<slug:kind>.csv",
        exports.plot_csv,
        name="plot-csv",
    ),
    path("masters/<str:master_id>/<int:number>/shares/", shares.shares, name="shares"),
    path("masters/<str:master_id>/shares/<str:share_id>/revoke/", shares.revoke, name="revoke"),
    path("s/<str:token>/", shares.share, name="share"),
    path("s/<str:token>/note/", shares.note, name="share-note"),
    path("s/<str:token>/download/", shares.share_download, name="share-download"),
    path("s/<str:token>/<slug:key>/listen/", shares.share_listen, name="share-listen"),
    path("s/<str:token>/<slug:key>/waveform.json", shares.share_waveform, name="share-waveform"),
    *(
        path(f"masters/<str:master_id>/<int:number>/{ending}", view, name=name)
        for ending, view, name in (
            ("report.json", reports.report_json, "report-json"),
            ("report.pdf", reports.report_as_pdf, "report-pdf"),
            ("provenance/", reports.provenance, "provenance"),
            ("provenance.json", reports.provenance_json, "provenance-json"),
            ("hand-off.zip", reports.hand_off, "hand-off"),
            ("gentler/", reports.gentler, "gentler"),
            ("sections/", pairs.sections, "sections"),
        )
    ),
]
