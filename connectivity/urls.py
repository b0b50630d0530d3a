"""Addresses of the Connectivity page and of what administrators set there."""

from django.urls import path

from connectivity.views import features, page

SYSTEM = "settings/system/"

urlpatterns = [
    path("settings/connectivity/", page.connectivity, name="connectivity"),
    path("settings/connectivity/health/", page.health, name="connectivity-health"),
    path("settings/domain/", features.domain, name="domain-settings"),
    path(f"{SYSTEM}features/", features.system, name="system-features"),
    path(f"{SYSTEM}domains/<int:pk>/", features.domain_of, name="system-domain"),
]
