"""Addresses of SMTP accounts."""

from django.urls import path

from smtp_accounts.views import accounts, repair

ROOT = "settings/connectivity/smtp/"

urlpatterns = [
    path(f"{ROOT}new/", accounts.new, name="smtp-account-new"),
    path(f"{ROOT}draft/<int:pk>/", accounts.draft, name="smtp-draft"),
    path(f"{ROOT}<int:pk>/", accounts.edit, name="smtp-account-edit"),
    path(f"{ROOT}<int:pk>/row/", repair.row, name="smtp-account-row"),
    path(f"{ROOT}<int:pk>/password/", repair.password, name="smtp-account-password"),
    path(f"{ROOT}<int:pk>/test/", accounts.test, name="smtp-account-test"),
    path(f"{ROOT}<int:pk>/delete/", accounts.delete, name="smtp-account-delete"),
]
