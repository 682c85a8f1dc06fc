from django.urls import path

from references.api import library, uploads

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
    path("references/<id:reference_id>", library.ReferenceView.as_view(), name="reference"),
    path(
        "references/<id:reference_id>/profile",
        library.ReferenceProfileView.as_view(),
        name="profile",
    ),
    path(
        "references/<id:reference_id>/suitability",
        library.ReferenceSuitabilityView.as_view(),
        name="suitability",
    ),
]
