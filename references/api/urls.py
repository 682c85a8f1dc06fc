from django.urls import path

from references.api import blends, library, uploads

urlpatterns = [
    path("uploads", uploads.UploadsView.as_view(), name="uploads"),
    path("uploads/<id:upload_id>", uploads.UploadView.as_view(), name="upload"),
    path(
        "uploads/<id:upload_id>/complete",
        uploads.UploadCompleteView.as_view(),
        name="upload-complete",
    ),
    path("audio", uploads.AudiosView.as_view(), name="audios"),
    path("audio/<id:audio_id>", uploads.AudioDetailView.as_view(), name="audio"),
    path("audio/<id:audio_id>/analysis", uploads.AudioAnalysisView.as_view(), name="analysis"),
    path("audio/<id:audio_id>/checks", uploads.AudioChecksView.as_view(), name="checks"),
    path("audio/<id:audio_id>/waveform", uploads.AudioWaveformView.as_view(), name="waveform"),
    path("audio/<id:audio_id>/listen", uploads.AudioListenView.as_view(), name="listen"),
    path("references", library.ReferencesView.as_view(), name="references"),
    path("references/rank", library.RankView.as_view(), name="rank"),
    path("references/bulk", library.ReferencesBulkView.as_view(), name="references-bulk"),
    path("references/rights", blends.RightsView.as_view(), name="rights"),
    path("references/starters", blends.StartersView.as_view(), name="starters"),
    path(
        "references/starters/<slug:starter_code>", blends.StarterView.as_view(), name="starter-use"
    ),
    path("references/<id:reference_id>", library.ReferenceView.as_view(), name="reference"),
    path(
        "references/<id:reference_id>/profile",
        library.ReferenceProfileView.as_view(),
        name="profile",
    ),
    path(
        "references/<id:reference_id>/document",
        library.ReferenceDocumentView.as_view(),
        name="document",
    ),
    path(
        "references/<id:reference_id>/drop-sound",
        library.ReferenceDropSoundView.as_view(),
        name="drop-sound",
    ),
    path("blends", blends.BlendsView.as_view(), name="blends"),
    path("blends/<id:blend_id>", blends.BlendView.as_view(), name="blend"),
    path(
        "references/<id:reference_id>/suitability",
        library.ReferenceSuitabilityView.as_view(),
        name="suitability",
    ),
]
