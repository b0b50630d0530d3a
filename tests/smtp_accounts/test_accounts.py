"""Test and Save against a real server, and what happens around deleting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from connectivity.models import Credential, Feature, FeatureSwitch
from connectivity.services import credentials
from mailstore.models import Source
from smtp_accounts.models import Draft, OutboxState, SmtpAccount
from smtp_accounts.services import accounts, identities, outbox
from smtp_accounts.services.accounts import AccountValues
from smtp_accounts.services.leaning import ReplacementNeededError
from standin.certs import TlsFiles
from standin.hostile import Expect, Hang, Hostile, Send, Step
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW, SECRET

Values = Callable[..., AccountValues]


@pytest.mark.accept("A17", "A18", "A21")
@pytest.mark.parametrize("encryption", ["ssl", "tls", "none"])
def test_an_account_that_works_is_stored(
    user: User, values: Values, smtp_server: SmtpServer, encryption: str
) -> None:
    port = {"ssl": smtp_server.tls_port, "tls": smtp_server.port, "none": smtp_server.port}
    outcome = accounts.save(
        user=user, values=values(encryption=encryption, port=port[encryption]), now=NOW
    )
    assert outcome.ok
    assert outcome.account is not None
    assert outcome.account.last_ok_at == NOW
    assert outcome.account.credential is not None
    assert credentials.reveal(outcome.account.credential) == SECRET
    assert SECRET.encode() not in bytes(outcome.account.credential.token)
    assert smtp_server.logins == ["mara@provider.test"]
    assert smtp_server.accepted == []


@pytest.mark.accept("A32")
@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"password": "wrong"}, "login-refused"),
        ({"port": 1}, "port-closed"),
        ({"host": "nowhere.invalid"}, "name-not-found"),
        ({"encryption": "ssl"}, "no-tls-there"),
        ({"host": "10.1.2.3"}, "address-refused"),
    ],
)
def test_what_does_not_work_is_not_stored(
    user: User, values: Values, changed: dict[str, object], cause: str
) -> None:
    outcome = accounts.save(user=user, values=values(**changed), now=NOW)
    assert outcome.problem is not None
    assert outcome.problem.cause == cause
    assert not SmtpAccount.objects.exists()
    assert not Credential.objects.exists()


def test_a_sender_the_server_refuses_is_not_stored(
    user: User, values: Values, smtp_server: SmtpServer
) -> None:
    smtp_server.refuse["mara@provider.test"] = "553 5.7.1 not your address"
    outcome = accounts.save(user=user, values=values(), now=NOW)
    assert outcome.problem is not None
    assert outcome.problem.server_line.startswith("553")
    assert not SmtpAccount.objects.exists()


@pytest.mark.accept("A29")
def test_a_test_stores_nothing(user: User, values: Values, smtp_server: SmtpServer) -> None:
    assert accounts.check(user=user, values=values(), now=NOW).ok
    assert smtp_server.logins == ["mara@provider.test"]
    assert not SmtpAccount.objects.exists()
    assert not Credential.objects.exists()


@pytest.mark.accept("A39")
def test_without_authentication_nobody_signs_in(
    user: User, values: Values, tls_files: TlsFiles
) -> None:
    with SmtpServer({}, tls=tls_files.good, auth_required=False) as server:
        typed = values(
            port=server.port, encryption="none", use_authentication=False, username="", password=""
        )
        outcome = accounts.save(user=user, values=typed, now=NOW)
        assert outcome.ok
        assert outcome.account is not None
        assert outcome.account.credential is None
        assert server.logins == []


def test_a_clear_password_never_precedes_tls(user: User, values: Values) -> None:
    """A server that does not offer STARTTLS gets no password when TLS was chosen."""
    script: list[Step] = [Send(b"220 here\r\n"), Expect(rb"EHLO"), Send(b"250 here\r\n"), Hang()]
    with Hostile(script) as server:
        outcome = accounts.save(user=user, values=values(port=server.port), now=NOW)
    assert outcome.problem is not None
    assert outcome.problem.cause == "tls-not-offered"
    assert SECRET.encode() not in server.clear_text


def test_a_blank_password_keeps_the_saved_one(
    user: User, account: SmtpAccount, values: Values, smtp_server: SmtpServer
) -> None:
    typed = values(password="", display_name="Mara at work")
    outcome = accounts.save(user=user, values=typed, now=NOW, account=account)
    assert outcome.ok
    account.refresh_from_db()
    assert account.display_name == "Mara at work"
    assert account.credential is not None
    assert credentials.reveal(account.credential) == SECRET
    assert Credential.objects.count() == 1


@pytest.mark.parametrize(
    "changed",
    [{"host": "127.0.0.1"}, {"port": 2525}, {"encryption": "none"}, {"username": "mara"}],
)
def test_a_saved_password_goes_nowhere_else(
    user: User,
    account: SmtpAccount,
    values: Values,
    smtp_server: SmtpServer,
    changed: dict[str, object],
) -> None:
    typed = values(**{"password": "", **changed})
    outcome = accounts.save(user=user, values=typed, now=NOW, account=account)
    assert outcome.problem is not None
    assert outcome.problem.cause == "password-needed"
    assert smtp_server.logins == []
    account.refresh_from_db()
    assert (account.host, account.encryption) == ("localhost", "tls")


def test_another_tab_made_another_account_of_it_meanwhile(
    user: User, account: SmtpAccount, values: Values
) -> None:
    """The stored password belongs to another server by now, and is not carried back."""
    seen = SmtpAccount.objects.select_related("credential").get(pk=account.pk)
    newer = credentials.store(user=user, secret="for another server")
    SmtpAccount.objects.update(host="smtp.elsewhere.test", credential=newer)
    kept = values(password="", display_name="M. Hall")
    outcome = accounts.save(user=user, values=kept, now=NOW, account=seen)
    assert outcome.problem is not None
    assert outcome.problem.cause == "password-needed"
    account.refresh_from_db()
    assert (account.host, account.credential) == ("smtp.elsewhere.test", newer)


def test_what_another_tab_deleted_stays_deleted(
    user: User, account: SmtpAccount, values: Values
) -> None:
    seen = SmtpAccount.objects.select_related("credential").get(pk=account.pk)
    accounts.delete(account=account)
    outcome = accounts.save(user=user, values=values(), now=NOW, account=seen)
    assert outcome.problem is not None
    assert not SmtpAccount.objects.exists()
    assert not Credential.objects.exists()


def test_what_another_tab_chose_stays(user: User, account: SmtpAccount, values: Values) -> None:
    seen = SmtpAccount.objects.get(pk=account.pk)
    newer = credentials.store(user=user, secret=SECRET)
    SmtpAccount.objects.update(credential=newer)
    identities.set_default(user, identities.primary_of(account))
    kept = values(password="", display_name="M. Hall")
    assert accounts.save(user=user, values=kept, now=NOW, account=seen).ok
    account.refresh_from_db()
    assert account.credential == newer
    own = account.identities.get()
    assert (own.is_default, own.display_name) == (True, "M. Hall")


def test_saving_wakes_what_waited(
    user: User, account: SmtpAccount, values: Values, make_draft: Callable[..., Draft]
) -> None:
    message = outbox.submit(user=user, draft=make_draft(account), now=NOW)
    type(message).objects.update(state=OutboxState.RETRY, cause="login-refused")
    SmtpAccount.objects.update(cause="login-refused")
    assert accounts.save(user=user, values=values(), now=NOW, account=account).ok
    message.refresh_from_db()
    account.refresh_from_db()
    assert (message.cause, message.not_before, account.cause) == ("", NOW, "")


@pytest.mark.accept("A36")
def test_default_from_is_one_account_or_the_own_address(
    user: User, other_user: User, account: SmtpAccount
) -> None:
    own, local = identities.primary_of(account), identities.local_of(user)
    assert identities.for_new(user).send_from.identity == local
    identities.set_default(user, own)
    assert identities.for_new(user).send_from.identity == own
    identities.set_default(user, local)
    assert identities.for_new(user).send_from.identity == local
    with pytest.raises(ValueError, match="another user"):
        identities.set_default(other_user, own)


@pytest.mark.accept("A198")
def test_an_account_in_use_is_deleted_only_with_a_replacement(
    user: User, account: SmtpAccount, make_draft: Callable[..., Draft]
) -> None:
    local = identities.local_of(user)
    identities.set_default(user, identities.primary_of(account))
    draft = make_draft(account)
    waiting = outbox.submit(user=user, draft=make_draft(account, subject="Waits"), now=NOW)
    needed = accounts.dependents(account)
    assert (needed.is_default, needed.drafts, needed.waiting) == (True, 1, 1)
    with pytest.raises(ReplacementNeededError):
        accounts.delete(account=account)
    accounts.delete(account=account, replacement=local)
    draft.refresh_from_db()
    waiting.refresh_from_db()
    assert draft.identity == local
    assert identities.for_new(user).send_from.identity == local
    # Its bytes say the old From, so it is written again instead of being sent as somebody else.
    assert waiting.state == OutboxState.CANCELLED
    assert {one.subject for one in Draft.objects.open()} == {"Tide tables", "Waits"}
    assert not Credential.objects.exists()


@pytest.mark.accept("A34")
def test_deleting_takes_the_password_along(user: User, account: SmtpAccount) -> None:
    accounts.delete(account=account)
    assert not SmtpAccount.objects.exists()
    assert not Credential.objects.exists()


def test_a_user_can_be_deleted_whole(
    user: User, account: SmtpAccount, make_draft: Callable[..., Draft]
) -> None:
    make_draft(account)
    outbox.submit(user=user, draft=make_draft(account), now=NOW)
    user.folders.all().delete()
    user.delete()
    assert not SmtpAccount.objects.exists()


def test_an_account_takes_the_colour_of_the_mailbox_it_belongs_to(
    user: User, values: Values
) -> None:
    source = Source.objects.create(user=user, name="Work", address="Mara@provider.test", color=4)
    stored = accounts.save(user=user, values=values(), now=NOW).account
    assert stored is not None
    assert stored.source == source


def test_nothing_is_tried_where_the_feature_is_off(
    user: User, values: Values, smtp_server: SmtpServer
) -> None:
    FeatureSwitch.objects.create(domain=user.domain, feature=Feature.SMTP_ACCOUNTS, enabled=False)
    outcome = accounts.save(user=user, values=values(), now=NOW)
    assert outcome.problem is not None
    assert outcome.problem.cause == "feature-off"
    assert smtp_server.logins == []
