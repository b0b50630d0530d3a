"""Addresses of SMTP accounts."""

from django.urls import path

from smtp_accounts import views

ROOT = "settings/connectivity/smtp/"

urlpatterns = [
    path(f"{ROOT}new/", views.new, name="smtp-account-new"),
    path(f"{ROOT}<int:pk>/", views.edit, name="smtp-account-edit"),
    path(f"{ROOT}<int:pk>/test/", views.test, name="smtp-account-test"),
    path(f"{ROOT}<int:pk>/delete/", views.delete, name="smtp-account-delete"),
]
