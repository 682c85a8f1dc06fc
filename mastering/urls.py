"""Paths of masters."""

from django.urls import path

from mastering import views
from mastering.views import listening

app_name = "mastering"
urlpatterns = [
    path("", views.home, name="home"),
    path("new/", views.new, name="new"),
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
]
