"""Addresses of the whole site; each room brings its own."""

from django.urls import URLPattern, URLResolver, include, path

from webmail.views import health, mail, settings

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("accounts.urls")),
    path("", mail.mail, name="mail"),
    path("keyboard/", settings.keyboard, name="keyboard"),
    path("settings/", settings.index, name="settings"),
    path("settings/account/", settings.account, name="settings-account"),
    path("settings/appearance/", settings.appearance, name="settings-appearance"),
    path("settings/theme/", settings.set_theme, name="set-theme"),
]
