"""Addresses of retrieval tasks."""

from django.urls import path

from retrieval.views import actions, detail, drafts, editing, repair, set_aside, why

ROOT = "settings/connectivity/retrieval/"

urlpatterns = [
    path(f"{ROOT}new/", editing.new, name="retrieval-new"),
    path(f"{ROOT}draft/<int:pk>/", drafts.draft, name="retrieval-draft"),
    path(f"{ROOT}<int:pk>/", detail.detail, name="retrieval-detail"),
    path(f"{ROOT}<int:pk>/row/", detail.row, name="retrieval-row"),
    path(f"{ROOT}<int:pk>/status/", detail.status, name="retrieval-status"),
    path(f"{ROOT}<int:pk>/runs.csv", detail.history, name="retrieval-history"),
    path(f"{ROOT}<int:pk>/edit/", editing.edit, name="retrieval-edit"),
    path(f"{ROOT}<int:pk>/password/", repair.password, name="retrieval-password"),
    path(f"{ROOT}<int:pk>/sign-in/", repair.sign_in, name="retrieval-sign-in"),
    path(f"{ROOT}<int:pk>/unpin/", repair.unpin, name="retrieval-unpin"),
    path(f"{ROOT}<int:pk>/test/", actions.test, name="retrieval-test"),
    path(f"{ROOT}<int:pk>/run/", actions.run, name="retrieval-run"),
    path(f"{ROOT}<int:pk>/pause/", actions.pause, name="retrieval-pause"),
    path(f"{ROOT}<int:pk>/resume/", actions.resume, name="retrieval-resume"),
    path(f"{ROOT}<int:pk>/push/", actions.push, name="retrieval-push"),
    path(f"{ROOT}<int:pk>/retry/", set_aside.retry_all, name="retrieval-retry-all"),
    path(f"{ROOT}<int:pk>/retry/<int:message>/", set_aside.retry, name="retrieval-retry"),
    path(f"{ROOT}<int:pk>/why/", why.ask, name="retrieval-why"),
    path(f"{ROOT}<int:pk>/delete/", actions.delete, name="retrieval-delete"),
]
