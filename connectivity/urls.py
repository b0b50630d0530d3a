"""Addresses of the Connectivity page, of sign-ins at providers, and of what administrators set."""

from django.urls import path

from connectivity.views import certificates, clients, features, ips, oauth, page, progress

ROOT = "settings/connectivity/"
CERTIFICATES = f"{ROOT}certificates/"
SIGN_IN = f"{ROOT}sign-in/<int:pk>/"
SYSTEM = "settings/system/"
CLIENTS = f"{SYSTEM}sign-in-providers/"

urlpatterns = [
    path(ROOT, page.connectivity, name="connectivity"),
    path(f"{ROOT}health/", page.health, name="connectivity-health"),
    path(f"{ROOT}testing/", progress.testing, name="connectivity-testing"),
    path(f"{ROOT}addresses/", ips.index, name="connectivity-ips"),
    path(CERTIFICATES, certificates.index, name="certificates"),
    path(f"{CERTIFICATES}<int:pk>/remove/", certificates.remove, name="certificate-remove"),
    # Signing in at a provider, for a draft
    path(SIGN_IN, oauth.start, name="oauth-start"),
    path(f"{SIGN_IN}code/", oauth.device, name="oauth-device"),
    path(f"{SIGN_IN}account/", oauth.other, name="oauth-other"),
    path(f"{SIGN_IN}ask/", oauth.ask, name="oauth-ask"),
    # Registered with providers, so it never changes
    path("oauth/callback/", oauth.callback, name="oauth-callback"),
    # Administrators
    path("settings/domain/", features.domain, name="domain-settings"),
    path(f"{SYSTEM}features/", features.system, name="system-features"),
    path(f"{SYSTEM}domains/<int:pk>/", features.domain_of, name="system-domain"),
    path(CLIENTS, clients.index, name="oauth-clients"),
    path(f"{CLIENTS}<slug:provider>/", clients.client, name="oauth-client"),
    path(f"{CLIENTS}<slug:provider>/test/", clients.test, name="oauth-client-test"),
    path(f"{CLIENTS}<slug:provider>/remove/", clients.remove, name="oauth-client-remove"),
]
