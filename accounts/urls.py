from django.urls import path

from accounts import views
from accounts.views import keys

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
    path("keys/", keys.keys, name="keys"),
    path("keys/<str:key_id>/rotate/", keys.key_rotate, name="key-rotate"),
    path("keys/<str:key_id>/revoke/", keys.key_revoke, name="key-revoke"),
]
