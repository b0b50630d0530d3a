"""Addresses of the whole site; each room brings its own."""

from django.urls import URLPattern, URLResolver, include, path

from webmail.views import (
    actions,
    attaching,
    compose,
    files,
    folders,
    health,
    mail,
    message,
    notifications,
    outbox,
    returned,
    settings,
)

handler500 = "webmail.views.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("accounts.urls")),
    path("", include("connectivity.urls")),
    path("", include("retrieval.urls")),
    path("", include("smtp_accounts.urls")),
    # Lists
    path("", mail.mail, name="mail"),
    path("starred/", mail.starred, name="mail-starred"),
    path("folder/<int:pk>/", mail.folder, name="mail-folder"),
    path("search/", mail.search, name="mail-search"),
    path("mail/news/", mail.news, name="mail-news"),
    path("mail/tree/", folders.tree, name="mail-tree"),
    # One message
    path("message/<int:pk>/", message.message, name="mail-message"),
    path("message/<int:pk>/frame/", message.frame, name="mail-frame"),
    path("message/<int:pk>/source/", message.source, name="mail-source"),
    path("message/<int:pk>/original/", files.original, name="mail-original"),
    path("message/<int:pk>/attachments/", files.all_attachments, name="mail-attachments"),
    path("message/<int:pk>/attachment/<int:index>/", files.attachment, name="mail-attachment"),
    path("message/<int:pk>/resend/", returned.resend, name="mail-resend"),
    path("message/<int:pk>/receipt/<slug:do>/", returned.receipt, name="mail-receipt"),
    path("piece/<str:token>/", files.piece, name="mail-piece"),
    # Writing
    path("compose/", compose.compose, name="compose"),
    path("compose/<uuid:key>/", compose.draft, name="compose-draft"),
    path("compose/<uuid:key>/send/", compose.send, name="compose-send"),
    path("compose/<uuid:key>/save/", compose.save, name="draft-save"),
    path("compose/<uuid:key>/discard/", compose.discard, name="draft-discard"),
    path("compose/<uuid:key>/restore/", compose.restore, name="draft-restore"),
    path("compose/<uuid:key>/attach/", attaching.attach, name="draft-attach"),
    path("compose/<uuid:key>/file/<int:pk>/", attaching.attached, name="draft-file"),
    path("compose/<uuid:key>/file/<int:pk>/detach/", attaching.detach, name="draft-detach"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<int:pk>/<slug:do>/", outbox.act, name="outbox-action"),
    # Doing things
    path("mail/action/", actions.action, name="mail-action"),
    path("mail/undo/", actions.undo, name="mail-undo"),
    path("mail/move/", actions.move, name="mail-move"),
    path("folder/new/", folders.new, name="folder-new"),
    path("folder/<int:pk>/menu/", folders.menu, name="folder-menu"),
    path("folder/<int:pk>/delete/", folders.delete, name="folder-delete"),
    path("folder/<int:pk>/empty/", folders.empty, name="folder-empty"),
    path("folder/<int:pk>/read/", folders.mark_read, name="folder-read"),
    # Settings
    path("keyboard/", settings.keyboard, name="keyboard"),
    path("settings/", settings.index, name="settings"),
    path("settings/account/", settings.account, name="settings-account"),
    path("settings/account/password/", settings.password, name="settings-password"),
    path("settings/appearance/", settings.appearance, name="settings-appearance"),
    path("settings/notifications/", notifications.centre, name="notifications"),
    path("settings/notifications/news/", notifications.news, name="notifications-news"),
    path("settings/notifications/read/", notifications.mark_read, name="notifications-read"),
    path("settings/notifications/mail/", notifications.by_mail, name="notifications-by-mail"),
    path("settings/theme/", settings.set_theme, name="set-theme"),
]
