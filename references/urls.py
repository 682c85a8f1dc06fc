"""Paths of uploads and the reference library."""

from django.urls import path

from references import views
from references.views import blends, library, profiles

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
    path("audio/<str:audio_id>/keep/", profiles.keep, name="keep"),
    path("references/", library.library, name="list"),
    path("references/add/", library.add, name="add"),
    path("references/begin/", library.begin, name="begin-reference"),
    path("references/bulk/", library.bulk, name="bulk"),
    path("references/choices/", library.choices, name="choices"),
    path("references/starters/<str:code>/", profiles.starter, name="starter"),
    path("references/<str:reference_id>/", library.detail, name="detail"),
    path("references/<str:reference_id>/drop-sound/", profiles.drop_sound, name="drop-sound"),
    path("references/<str:reference_id>/profile.json", profiles.export, name="export"),
]
