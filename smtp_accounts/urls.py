"""Addresses of SMTP accounts."""

from django.urls import path

from smtp_accounts.views import accounts, aligned, identities, repair, signatures, templates

ROOT = "settings/connectivity/smtp/"
IDENTITIES, SIGNATURES = "settings/identities/", "settings/signatures/"
TEMPLATES = "settings/templates/"

urlpatterns = [
    path(f"{ROOT}new/", accounts.new, name="smtp-account-new"),
    path(f"{ROOT}draft/<int:pk>/", accounts.draft, name="smtp-draft"),
    path(f"{ROOT}<int:pk>/", accounts.edit, name="smtp-account-edit"),
    path(f"{ROOT}<int:pk>/row/", repair.row, name="smtp-account-row"),
    path(f"{ROOT}<int:pk>/password/", repair.password, name="smtp-account-password"),
    path(f"{ROOT}<int:pk>/delete/", accounts.delete, name="smtp-account-delete"),
    path(IDENTITIES, identities.index, name="identities"),
    path(f"{IDENTITIES}new/", identities.new, name="identity-new"),
    path(f"{IDENTITIES}<int:pk>/", identities.edit, name="identity-edit"),
    path(f"{IDENTITIES}<int:pk>/alignment/", aligned.alignment, name="identity-alignment"),
    path(f"{IDENTITIES}<int:pk>/default/", identities.default, name="identity-default"),
    path(f"{IDENTITIES}<int:pk>/delete/", identities.delete, name="identity-delete"),
    path(SIGNATURES, signatures.index, name="signatures"),
    path(f"{SIGNATURES}new/", signatures.new, name="signature-new"),
    path(f"{SIGNATURES}pictures/", signatures.upload, name="signature-upload"),
    path(f"{SIGNATURES}pictures/<int:pk>/", signatures.image, name="signature-image"),
    path(f"{SIGNATURES}<int:pk>/", signatures.edit, name="signature-edit"),
    path(f"{SIGNATURES}<int:pk>/preview/", signatures.preview, name="signature-preview"),
    path(f"{SIGNATURES}<int:pk>/delete/", signatures.delete, name="signature-delete"),
    path(TEMPLATES, templates.index, name="templates"),
    path(f"{TEMPLATES}new/", templates.new, name="template-new"),
    path(f"{TEMPLATES}<int:pk>/", templates.edit, name="template-edit"),
    path(f"{TEMPLATES}<int:pk>/delete/", templates.delete, name="template-delete"),
]
