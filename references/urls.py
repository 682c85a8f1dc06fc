"""Paths of uploads and the reference library."""

from django.urls import path

from references import views
from references.views import blends

app_name = "references"
urlpatterns = [
    path("audio/", views.upload, name="upload"),
    path("uploads/", views.begin, name="begin"),
    path("uploads/<str:upload_id>/complete/", views.complete, name="complete"),
    path("uploads/to/<str:token>", views.receive, name="receive"),
    path("audio/<str:audio_id>/card/", views.card, name="card"),
    path("audio/<str:audio_id>/remove/", views.remove, name="remove"),
    path("audio/<str:audio_id>/listen/", views.listen, name="listen"),
    path("audio/<str:audio_id>/waveform.json", views.waveform, name="waveform"),
    path("references/blends/new/", blends.new_blend, name="new_blend"),
    path("references/blends/<str:reference_id>/", blends.blend, name="blend"),
    path("references/", views.library, name="list"),
]
