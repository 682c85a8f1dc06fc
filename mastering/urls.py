from django.urls import path

from mastering import views

app_name = "mastering"
urlpatterns = [path("", views.home, name="home"), path("new/", views.home, name="new")]
