"""Paths of masters."""

from django.urls import path

from mastering import views
from mastering.views import guides, pairs, reports, verification

app_name = "mastering"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", views.new, name="new"),
    path("new/pair/", pairs.suitability, name="suitability"),
    path("guides/", guides.guides, name="guides"),
    path("guides/<slug:slug>/", guides.guide, name="guide"),
    path("verify/", verification.verify, name="verify"),
    path("masters/", views.history, name="list"),
    path("masters/<str:master_id>/", views.detail, name="detail"),
    path("masters/<str:master_id>/status/", views.status, name="status"),
    path("masters/<str:master_id>/cancel/", views.cancel, name="cancel"),
    path("masters/<str:master_id>/retry/", views.retry, name="retry"),
    path("masters/<str:master_id>/delete/", views.delete, name="delete"),
    path("masters/<str:master_id>/versions/", views.versions, name="versions"),
    path("masters/<str:master_id>/<int:number>/listen/", views.listen, name="listen"),
    path("masters/<str:master_id>/<int:number>/waveform.json", views.waveform, name="waveform"),
    path("masters/<str:master_id>/<int:number>/plots.json", views.plots, name="plots"),
    path(
        "masters/<str:master_id>/<int:number>/download/<slug:format_code>/",
        views.download,
        name="download",
    ),
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
