from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.detail, name="detail"),
    path("notices/", views.notices, name="notices"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/<int:session_id>/end/", views.session_end, name="session-end"),
    path("data/", views.data, name="data"),
    path("data/export/", views.export, name="export"),
    path("data/<uuid:export_id>/", views.export_download, name="export-download"),
    path("erase/", views.erase, name="erase"),
]
