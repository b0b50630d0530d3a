"""Addresses of the Connectivity page."""

from django.urls import path

from connectivity.views import page

urlpatterns = [
    path("settings/connectivity/", page.connectivity, name="connectivity"),
    path("settings/connectivity/health/", page.health, name="connectivity-health"),
]
