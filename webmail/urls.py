"""Addresses of the whole site; each room brings its own."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from webmail import junk_place
from webmail.converters import PartPath
from webmail.filter_place import mine, of_domain
from webmail.views import (
    actions,
    activity,
    attaching,
    attachments,
    backup,
    choosing,
    compose,
    events,
    exporting,
    files,
    filter_runs,
    filter_sieve,
    filters,
    folders,
    frame,
    health,
    inside,
    invitations,
    junk,
    labels,
    leaving,
    leaving_us,
    mail,
    message,
    moving,
    notifications,
    outbox,
    parts,
    people,
    pictures,
    pushing,
    pwa,
    reading,
    returned,
    searches,
    searching,
    sending,
    settings,
    storage,
    unsubscribe,
    uploading,
    verdict,
    welcome,
    why,
)
from webmail.views.administration import branding, bringing, fleet, limits, logs, system, users
from webmail.views.administration import person as administered

register_converter(PartPath, "part")
handler500 = "webmail.views.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    # Coming and going
    path("welcome/", welcome.welcome, name="welcome"),
    path("welcome/steps/", welcome.steps, name="welcome-steps"),
    path("welcome/later/", welcome.put_off, name="welcome-put-off"),
    path("backup/link/<slug:token>/", backup.opened, name="backup-link"),
    path("backup/confirm/", backup.confirm, name="backup-confirm"),
    path("keep/", leaving_us.keep, name="keep-account"),
    # Lists
    path("", mail.mail, name="mail"),
    path("starred/", mail.starred, name="mail-starred"),
    path("folder/<int:pk>/", mail.folder, name="mail-folder"),
    path("label/<int:pk>/", mail.label, name="mail-label"),
    path("search/", mail.search, name="mail-search"),
    path("search/suggest/", searching.suggest, name="search-suggest"),
    path("search/count/", searching.count, name="search-count"),
    path("search/around/", searching.around, name="search-around"),
    path("search/new/", searches.new, name="search-new"),
    path("search/<int:pk>/menu/", searches.menu, name="search-menu"),
    path("search/<int:pk>/delete/", searches.delete, name="search-delete"),
    path("mail/news/", mail.news, name="mail-news"),
    path("mail/tree/", folders.tree, name="mail-tree"),
    path("mail/events", events.events, name="mail-events"),
    # One message
    path("message/<int:pk>/", message.message, name="mail-message"),
    path("message/<int:pk>/frame/", frame.frame, name="mail-frame"),
    path("message/frame/", frame.blank, name="mail-frame-blank"),
    path("message/<int:pk>/verdict/", verdict.verdict, name="mail-verdict"),
    path("message/<int:pk>/why/", why.why, name="mail-why"),
    path("message/<int:pk>/unsubscribe/", unsubscribe.unsubscribe, name="mail-unsubscribe"),
    path("message/<int:pk>/source/", message.source, name="mail-source"),
    path("message/<int:pk>/original/", files.original, name="mail-original"),
    path("message/<int:pk>/attachments/", files.all_attachments, name="mail-attachments"),
    path("message/<int:pk>/attachment/<part:index>/", files.attachment, name="mail-attachment"),
    *(
        path(
            f"message/<int:pk>/attachment/<part:index>/{tail}", view, name=f"mail-attachment-{name}"
        )
        for tail, view, name in (
            ("preview/", parts.preview, "preview"),
            ("shown/", parts.shown, "shown"),
            ("page/<int:number>/", parts.page, "page"),
            ("photo/<int:number>/", parts.photo, "photo"),
            ("message/", inside.message, "message"),
            ("frame/", inside.frame, "frame"),
            ("answer/", invitations.answer, "answer"),
        )
    ),
    path("message/<int:pk>/resend/", returned.resend, name="mail-resend"),
    path("message/<int:pk>/receipt/<slug:do>/", returned.receipt, name="mail-receipt"),
    path("piece/<str:token>/", files.piece, name="mail-piece"),
    path("image/<str:token>/", pictures.image, name="mail-image"),
    path("leaving/", leaving.leaving, name="leaving"),
    path("message/<int:pk>/sender/<slug:do>/", junk.sender, name="mail-sender"),
    path("message/<int:pk>/images/", pictures.trust, name="mail-images"),
    path("mail/dark/", pictures.dark, name="mail-dark"),
    # Writing
    path("compose/", compose.compose, name="compose"),
    path("compose/people/", people.people, name="compose-people"),
    path("compose/templates/", people.message_templates, name="compose-templates"),
    path("compose/<uuid:key>/", compose.draft, name="compose-draft"),
    path("compose/<uuid:key>/send/", sending.send, name="compose-send"),
    path("compose/<uuid:key>/sender/", people.sender, name="compose-sender"),
    path("compose/<uuid:key>/save/", compose.save, name="draft-save"),
    path("compose/<uuid:key>/discard/", compose.discard, name="draft-discard"),
    path("compose/<uuid:key>/restore/", compose.restore, name="draft-restore"),
    path("compose/<uuid:key>/file/<int:pk>/", attaching.attached, name="draft-file"),
    path("compose/<uuid:key>/file/<int:pk>/detach/", attaching.detach, name="draft-detach"),
    path("compose/<uuid:key>/upload/", uploading.begin, name="draft-upload"),
    path("compose/<uuid:key>/upload/<uuid:upload>/", uploading.piece, name="draft-piece"),
    path("compose/<uuid:key>/inline/<int:pk>/", uploading.inline, name="draft-inline"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<int:pk>/<slug:do>/", outbox.act, name="outbox-action"),
    # Doing things
    path("mail/action/", actions.action, name="mail-action"),
    path("mail/undo/", actions.undo, name="mail-undo"),
    path("mail/move/", choosing.move, name="mail-move"),
    path("mail/label/", choosing.label, name="mail-choose-label"),
    path("mail/snooze/", choosing.snooze, name="mail-snooze"),
    path("mail/remind/", choosing.remind, name="mail-remind"),
    path("mail/reminders/", choosing.reminders, name="mail-reminders"),
    path("label/new/", labels.new, name="label-new"),
    path("label/<int:pk>/edit/", labels.edit, name="label-edit"),
    path("label/<int:pk>/delete/", labels.delete, name="label-delete"),
    path("folder/new/", folders.new, name="folder-new"),
    path("folder/<int:pk>/attachments/", attachments.of_folder, name="mail-folder-attachments"),
    path("folder/<int:pk>/menu/", folders.menu, name="folder-menu"),
    path("folder/<int:pk>/look/", folders.look, name="folder-look"),
    path("folder/<int:pk>/move/", moving.move, name="folder-move"),
    path("folder/<int:pk>/delete/", folders.delete, name="folder-delete"),
    path("folder/<int:pk>/empty/", folders.empty, name="folder-empty"),
    path("folder/<int:pk>/read/", folders.mark_read, name="folder-read"),
    # Settings
    path("keyboard/", settings.keyboard, name="keyboard"),
    path("settings/", settings.index, name="settings"),
    path("settings/account/", settings.account, name="settings-account"),
    path("settings/account/backup/", backup.change, name="settings-backup"),
    path("settings/account/backup/again/", backup.send_again, name="settings-backup-again"),
    path("settings/account/backup/give-up/", backup.drop, name="settings-backup-drop"),
    path("settings/account/backup/remove/", backup.remove, name="settings-backup-remove"),
    path("settings/storage/", storage.storage, name="settings-storage"),
    path("settings/export/", exporting.export, name="settings-export"),
    path("settings/export/new/", exporting.start, name="settings-export-start"),
    path("settings/export/stop/", exporting.stop, name="settings-export-stop"),
    path("settings/export/download/", exporting.download, name="settings-export-download"),
    path("settings/delete/", leaving_us.delete, name="settings-delete"),
    path("settings/appearance/", settings.appearance, name="settings-appearance"),
    path("settings/reading/", reading.reading, name="settings-reading"),
    path("settings/reading/trusted/<int:pk>/", reading.distrust, name="settings-distrust"),
    path("settings/notifications/", notifications.centre, name="notifications"),
    path("settings/notifications/news/", notifications.news, name="notifications-news"),
    path("settings/notifications/read/", notifications.mark_read, name="notifications-read"),
    path("settings/notifications/mail/", notifications.by_mail, name="notifications-by-mail"),
    path("settings/notifications/push/", pushing.subscription, name="push-subscription"),
    path("settings/notifications/folders/", pushing.folders, name="push-folders"),
    *(
        path(f"{start}junk/{tail}", whose(view), name=f"{room}-junk{name}")
        for start, room, whose in (
            ("settings/", "settings", junk_place.mine),
            ("settings/domain/", "domain", junk_place.of_domain),
            ("settings/system/domains/<int:pk>/", "system-domain", junk_place.of_domain),
        )
        for tail, view, name in (
            ("", junk.page, ""),
            ("senders/", junk.add, "-senders"),
            ("senders/remove/", junk.remove, "-sender-remove"),
            ("forget/", junk.forget, "-forget"),
        )
    ),
    path("settings/filters/runs/", filter_runs.runs, name="filters-runs"),
    path("settings/filters/runs/<int:key>/<slug:do>/", filter_runs.do, name="filters-run-do"),
    path("settings/filters/sieve/", filter_sieve.page, name="filters-sieve"),
    path("settings/filters/sieve/download/", filter_sieve.download, name="filters-sieve-download"),
    path("settings/filters/<int:key>/apply/", filter_runs.apply, name="filters-apply"),
    *(
        path(f"{start}filters/{tail}", whose(view), name=f"{room}filters{name}")
        for start, room, whose in (
            ("settings/", "", mine),
            ("settings/domain/", "domain-", of_domain),
            ("settings/system/domains/<int:pk>/", "system-domain-", of_domain),
        )
        for tail, view, name in (
            ("", filters.page, ""),
            ("new/", filters.new, "-new"),
            ("order/", filters.order, "-order"),
            ("<int:key>/", filters.edit, "-edit"),
            ("<int:key>/<slug:do>/", filters.do, "-do"),
        )
    ),
    path("settings/activity/", activity.activity, name="settings-activity"),
    path("settings/theme/", settings.set_theme, name="set-theme"),
    path("settings/layout/", settings.set_layout, name="set-layout"),
    # Administrators
    *(
        path(f"{start}{tail}", view, name=f"{room}-{name}")
        for start, room in (
            ("settings/domain/", "domain"),
            ("settings/system/domains/<int:pk>/", "system-domain"),
        )
        for tail, view, name in (
            ("users/", users.users, "users"),
            ("users/new/", administered.new, "user-new"),
            ("users/import/", bringing.give, "user-import"),
            ("users/export/", users.export, "user-export"),
            ("branding/", branding.brand, "branding"),
            ("limits/", limits.domain, "limits"),
        )
    ),
    *(
        path(f"settings/domain/users/<int:pk>/{tail}", view, name=f"domain-user{name}")
        for tail, view, name in (
            ("", administered.person, ""),
            ("password/", administered.password, "-password"),
            ("<slug:do>/", administered.deed, "-deed"),
        )
    ),
    *(
        path(f"settings/domain/import/<int:pk>/{tail}", view, name=f"domain-user-import-{name}")
        for tail, view, name in (
            ("", bringing.look, "list"),
            ("state/", bringing.progress, "state"),
            ("answer/", bringing.answer, "answer"),
        )
    ),
    path("logo/<int:pk>/<slug:name>.png", branding.logo, name="logo"),
    path("settings/domain/logs/", logs.domain, name="domain-logs"),
    path("settings/domain/logs/export/", logs.export_domain, name="domain-logs-export"),
    path("settings/domain/health/", fleet.domain, name="domain-health"),
    path("settings/domain/health/pause/", fleet.pause_domain, name="domain-pause"),
    path("settings/domain/health/resume/", fleet.resume_domain, name="domain-resume"),
    path("settings/system/", system.status, name="system-status"),
    path("settings/system/network/", system.network, name="system-network"),
    path("settings/system/limits/", limits.system, name="system-limits"),
    path("settings/system/logs/", logs.system, name="system-logs"),
    path("settings/system/logs/export/", logs.export_system, name="system-logs-export"),
    path("settings/system/health/", fleet.system, name="system-health"),
    path("settings/system/health/pause/", fleet.pause_system, name="system-pause"),
    path("settings/system/health/resume/", fleet.resume_system, name="system-resume"),
    path("settings/system/domains/new/", system.new_domain, name="system-domain-new"),
    path(
        "settings/system/domains/<int:pk>/remove/",
        system.remove_domain,
        name="system-domain-remove",
    ),
    # As an application of the browser's
    path("manifest.webmanifest", pwa.manifest, name="manifest"),
    path("sw.js", pwa.worker, name="service-worker"),
    path("offline/", pwa.offline, name="offline"),
    # Last, as pages of mail are asked for more often; no two addresses are alike.
    path("", include("accounts.urls")),
    path("", include("connectivity.urls")),
    path("", include("retrieval.urls")),
    path("", include("smtp_accounts.urls")),
]
