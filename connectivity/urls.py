"""Addresses of the Connectivity page."""

from django.urls import path

from connectivity import views

urlpatterns = [
    path("settings/connectivity/", views.connectivity, name="connectivity"),
    path("settings/connectivity/health/", views.health, name="connectivity-health"),
]
