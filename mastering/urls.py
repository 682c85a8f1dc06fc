"""Paths of masters."""

from django.urls import path

from mastering import views

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
    path("masters/<str:master_id>/<int:number>/listen/", views.listen, name="listen"),
    path("masters/<str:master_id>/<int:number>/waveform.json", views.waveform, name="waveform"),
    path("masters/<str:master_id>/<int:number>/plots.json", views.plots, name="plots"),
    path(
        "masters/<str:master_id>/<int:number>/download/<slug:format_code>/",
        views.download,
        name="download",
    ),
]
