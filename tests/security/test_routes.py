"""Every address of the site: nobody unknown, nobody else, no forged form.

The routes are read from the resolver: a new one that names an object fails here until the
table below says whose object to try it with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import AppPassword, Domain, User, UserSession
from accounts.models.imports import PeopleImport
from connectivity.models import (
    AccountDraft,
    CertificatePin,
    FeatureSwitch,
    OAuthClient,
    PushSubscription,
)
from connectivity.services import credentials
from filtering.models import Filter, FilterRun
from filtering.services.deliver import Incoming, deliver
from mailstore.models import (
    Blob,
    FolderRole,
    Label,
    Message,
    MessageLabel,
    Reminder,
    SavedSearch,
    Snooze,
    Source,
    Thread,
    TrustedSender,
)
from mailstore.services import folders
from protocols.body import Body
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalTask
from smtp_accounts.models import (
    Draft,
    DraftAttachment,
    DraftUpload,
    Identity,
    MessageTemplate,
    OutboxMessage,
    Signature,
    SignatureImage,
    SmtpAccount,
)
from smtp_accounts.services import identities
from tests.security.passkey import stored
from tests.senders import identity_of

# Open to everybody: signing in, what a load balancer asks, and what a browser keeps of the site.
PUBLIC = {
    "sign-in", "sign-out", "healthz", "readyz", "manifest", "service-worker", "offline", "logo",
    "sign-in-second", "sign-in-second-passkey", "sign-in-passkey", "sign-in-passkey-begin",
    "recovery", "recovery-sent", "recovery-challenge", "recovery-picture", "recovery-picture-2x",
    "recovery-sound", "recovery-link", "recovery-choose", "recovery-over", "recovery-done",
    "backup-link", "backup-confirm",
}  # fmt: skip
# Their token names the person it was made for; it is tried in the message tests.
SIGNED = {"mail-piece", "mail-image"}
# For administrators; who finds them is told in test_roles.
ADMINISTRATORS = ("system-", "oauth-client", "domain-")
# What says "not yours" to another user. A draft's key is chosen by the browser, so a foreign one
# is refused or simply unknown.
NOT_YOURS = {404}
LETTER = b"From: a@example.test\r\nSubject: Mine\r\n\r\nMine alone.\r\n"

Arguments = dict[str, Any]


def routes() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and argument names of every route."""

    def walk(resolver: URLResolver) -> Iterator[URLPattern]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from walk(entry)
            else:
                yield entry

    for pattern in walk(get_resolver()):
        assert pattern.name, pattern
        yield pattern.name, tuple(pattern.pattern.regex.groupindex)


def taking(*, arguments: bool) -> list[str]:
    return [name for name, taken in routes() if bool(taken) is arguments and name not in SIGNED]


@pytest.fixture
def belongings(user: User) -> Callable[[str], Arguments]:
    """Arguments that lead to objects of ``user``, by the name of a route."""
    source = Source.objects.create(user=user, name="Mine", address="mara@remote.test")
    secret = credentials.store(user=user, secret="a canary of a secret")
    task = RetrievalTask.objects.create(
        user=user, source=source, credential=secret, type="imap", host="imap.test", port=993,
        security="tls", username="mara", method="manual",
    )  # fmt: skip
    remote = RemoteFolder.objects.create(task=task, raw_name=b"INBOX", name="INBOX")
    odd = RemoteMessage.objects.create(folder=remote, generation=1, uid=1, state="quarantined")
    account = SmtpAccount.objects.create(
        user=user, host="smtp.test", port=465, encryption="ssl", email="mara@remote.test",
        use_authentication=False,
    )  # fmt: skip
    inbox = folders.special(user, FolderRole.INBOX)
    own = folders.ensure_path(user, ["Mine"])
    message = deliver([Incoming(Body.of(LETTER), inbox)], now=datetime.now(UTC))[0]
    blob = Blob.objects.get()
    own_from = identity_of(user, account)
    draft = Draft.objects.create(user=user, key=uuid4(), subject="Mine", identity=own_from)
    file = DraftAttachment.objects.create(draft=draft, blob=blob, filename="mine.txt", size=1)
    going = DraftUpload.objects.create(draft=draft, filename="mine.bin", size=9)
    waiting = OutboxMessage.objects.create(
        user=user, blob=blob, message_id="<1@remote.test>", from_address="mara@remote.test",
        state="refused",
    )  # fmt: skip
    identities.local_of(user)
    identities.primary_of(account)
    alias = Identity.objects.create(user=user, account=account, address="studio@remote.test")
    signature = Signature.objects.create(user=user, name="Mine", html="<p>Mine</p>")
    picture = SignatureImage.objects.create(
        signature=signature, blob=blob, content_id="mine@signature", content_type="image/png",
        size=1,
    )  # fmt: skip
    template = MessageTemplate.objects.create(user=user, name="Mine", html="<p>Mine</p>")
    begun = AccountDraft.objects.create(user=user, kind="retrieval", label="mara@outlook.test")
    sending = AccountDraft.objects.create(user=user, kind="smtp", label="mara@remote.test")
    trusted = TrustedSender.objects.create(user=user, sender="ada@example.test")
    kept = SavedSearch.objects.create(user=user, name="Mine", query="mine")
    label = Label.objects.create(user=user, name="Mine")
    pin = CertificatePin.objects.create(user=user, host="imap.test", port=993, sha256="ab" * 32)
    now = datetime.now(UTC)
    passkey = Authenticator.objects.create(user=user, type="webauthn", data=stored())
    program = AppPassword.objects.create(user=user, name="Mine", secret_hash="ab", made_at=now)
    session = UserSession.objects.create(user=user, key="mine", started_at=now, seen_at=now)
    brought = PeopleImport.objects.create(domain=user.domain, made_by=user, made_at=now)
    sorted_out = Filter.objects.create(user=user, name="Mine")
    for_all = Filter.objects.create(domain=user.domain, name="Ours")
    applied = FilterRun.objects.create(user=user, name="Mine", state="done", ended_at=now)
    found: list[tuple[str, Arguments]] = [
        ("filters-run-", {"key": applied.pk, "do": "undo"}),
        ("filters-", {"key": sorted_out.pk, "do": "delete"}),
        ("domain-filters", {"key": for_all.pk, "do": "delete"}),
        ("system-domain-filters", {"pk": user.domain_id, "key": for_all.pk, "do": "delete"}),
        ("retrieval-draft", {"pk": begun.pk}),
        ("smtp-draft", {"pk": sending.pk}),
        ("retrieval-", {"pk": task.pk, "message": odd.pk}),
        ("smtp-account-", {"pk": account.pk}),
        ("folder-", {"pk": own.pk}),
        ("mail-folder", {"pk": inbox.pk}),
        ("label-", {"pk": label.pk}),
        ("mail-label", {"pk": label.pk}),
        ("mail-attachment-p", {"pk": message.pk, "index": 1, "number": 1}),
        ("mail-attachment", {"pk": message.pk, "index": 1}),
        ("mail-sender", {"pk": message.pk, "do": "block"}),
        ("mail-receipt", {"pk": message.pk, "do": "ignore"}),
        ("mail-", {"pk": message.pk}),
        ("search-", {"pk": kept.pk}),
        ("settings-distrust", {"pk": trusted.pk}),
        ("outbox-action", {"pk": waiting.pk, "do": "dismiss"}),
        ("draft-file", {"key": draft.key, "pk": file.pk}),
        ("draft-detach", {"key": draft.key, "pk": file.pk}),
        ("draft-inline", {"key": draft.key, "pk": file.pk}),
        ("draft-piece", {"key": draft.key, "upload": going.key}),
        ("draft-", {"key": draft.key}),
        ("compose-", {"key": draft.key}),
        ("certificate-", {"pk": pin.pk}),
        ("identity-", {"pk": alias.pk}),
        ("signature-image", {"pk": picture.pk}),
        ("signature-", {"pk": signature.pk}),
        ("template-", {"pk": template.pk}),
        ("security-passkey", {"pk": passkey.pk}),
        ("security-program", {"pk": program.pk}),
        ("security-session", {"pk": session.pk}),
        ("recovery-", {"key": "none", "token": "none"}),
        ("backup-link", {"token": "none"}),
        ("logo", {"pk": user.domain_id, "name": "none"}),
        ("domain-user-import", {"pk": brought.pk}),
        ("domain-user", {"pk": user.pk, "do": "second-step"}),
        ("system-domain", {"pk": user.domain_id}),
        ("oauth-client", {"provider": "microsoft"}),
        ("oauth-", {"pk": begun.pk}),
    ]

    def of(name: str) -> Arguments:
        wanted = dict(routes())[name]
        for start, arguments in found:
            if name.startswith(start):
                return {key: value for key, value in arguments.items() if key in wanted}
        pytest.fail(f"{name}: say in this table whose object it leads to")

    return of


def answers(client: Client, address: str, headers: dict[str, str]) -> dict[str, int]:
    """Status by method; 405 where the method is not known there."""
    values = {"subject": "theirs", "password": "theirs"}
    return {
        "GET": client.get(address, headers=headers).status_code,
        "POST": client.post(address, values, headers=headers).status_code,
    }


def everything(user: User) -> list[object]:
    """What a stranger must not change."""
    return [
        list(RetrievalTask.objects.filter(user=user).values()),
        list(RemoteMessage.objects.filter(folder__task__user=user).values()),
        list(SmtpAccount.objects.filter(user=user).values()),
        list(Message.objects.filter(user=user).values()),
        list(user.folders.order_by("pk").values()),
        list(Draft.objects.filter(user=user).values()),
        list(DraftAttachment.objects.filter(draft__user=user).values()),
        list(OutboxMessage.objects.filter(user=user).values()),
        list(Identity.objects.filter(user=user).values()),
        list(Signature.objects.filter(user=user).values()),
        list(SignatureImage.objects.filter(signature__user=user).values()),
        list(MessageTemplate.objects.filter(user=user).values()),
        list(AccountDraft.objects.filter(user=user).values()),
        list(CertificatePin.objects.filter(user=user).values()),
        list(TrustedSender.objects.filter(user=user).values()),
        list(SavedSearch.objects.filter(user=user).values()),
        list(Filter.objects.order_by("pk").values()),
        list(FilterRun.objects.filter(user=user).values()),
        list(Label.objects.filter(user=user).values()),
        list(MessageLabel.objects.filter(message__user=user).values()),
        list(Snooze.objects.filter(user=user).values()),
        list(Reminder.objects.filter(user=user).values()),
        list(Thread.objects.filter(user=user).values()),
        list(DraftUpload.objects.filter(draft__user=user).values()),
        list(PushSubscription.objects.filter(user=user).values()),
        list(User.objects.filter(pk=user.pk).values()),
        list(Authenticator.objects.filter(user=user).values()),
        list(AppPassword.objects.filter(user=user).values()),
        list(PeopleImport.objects.filter(made_by=user).values()),
        list(UserSession.objects.filter(user=user).values("key")),
        list(FeatureSwitch.objects.values()),
        list(OAuthClient.objects.values()),
    ]


@pytest.mark.parametrize("role", ["user", "other-domain"])  # others: see test_roles
def test_nobody_reaches_what_is_anothers(
    user: User,
    other_user: User,
    belongings: Callable[[str], Arguments],
    client_for: Callable[[User], Client],
    role: str,
) -> None:
    if role == "other-domain":  # and over there it may do everything
        other_user.domain, other_user.role = (
            Domain.objects.create(name="there.test"),
            "domain-admin",
        )
    other_user.save()
    stranger, owner = client_for(other_user), client_for(user)
    # The one over there asks as a script does.
    headers = {"X-Part": "json", "HX-Request": "true"} if role == "other-domain" else {}
    before = everything(user)
    for name in taking(arguments=True):
        if name in PUBLIC:
            continue
        address = reverse(name, kwargs=belongings(name))
        for method, status in answers(stranger, address, headers).items():
            assert status in NOT_YOURS | {405}, f"{method} {name} answered {status}"
        assert everything(user) == before, f"{name} changed something"
    # The table leads to real objects: their owner reaches them.
    for name in (
        "mail-message",
        "retrieval-detail",
        "retrieval-draft",
        "smtp-draft",
        "identity-edit",
        "signature-image",
        "signature-preview",
        "template-edit",
        "mail-folder",
    ):
        assert owner.get(reverse(name, kwargs=belongings(name))).status_code == 200


def test_nobody_unknown_gets_in(
    user: User, belongings: Callable[[str], Arguments], client: Client
) -> None:
    before = everything(user)
    for name, taken in routes():
        if name in PUBLIC | SIGNED:
            continue
        address = reverse(name, kwargs=belongings(name) if taken else {})
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code == 302, f"{name} answered {answer.status_code}"
            assert answer["Location"].startswith("/sign-in/"), name
    assert everything(user) == before


def test_a_form_of_another_site_is_refused(
    user: User, belongings: Callable[[str], Arguments]
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    before = everything(user)
    for name, taken in routes():
        if name in SIGNED:
            continue
        address = reverse(name, kwargs=belongings(name) if taken else {})
        status = browser.post(address, {"subject": "forged"}).status_code
        assert status in {403, 405}, f"{name} took a forged form: {status}"
    assert everything(user) == before


def test_looking_changes_nothing(
    user: User, belongings: Callable[[str], Arguments], client_for: Callable[[User], Client]
) -> None:
    browser = client_for(user)
    before = everything(user)
    for name, taken in routes():
        if name in SIGNED | {
            "sign-out",
            "readyz",
            "mail-message",
        }:  # opening a message marks it as read
            continue
        arguments = belongings(name) if taken else {}
        status = browser.get(reverse(name, kwargs=arguments)).status_code
        assert status in {200, 204, 302, 404, 405, 410}, f"{name} answered {status}"
        assert everything(user) == before, f"GET {name} changed something"


def test_no_secret_is_ever_shown(
    user: User, belongings: Callable[[str], Arguments], client_for: Callable[[User], Client]
) -> None:
    browser = client_for(user)
    for name, taken in routes():
        if name in SIGNED | {"sign-out"}:
            continue
        answer = browser.get(reverse(name, kwargs=belongings(name) if taken else {}))
        assert b"canary" not in answer.getvalue(), name
