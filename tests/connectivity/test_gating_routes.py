"""Every address of a feature that is off: told whom to ask, with nothing done (A5-A7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone

from accounts.models import Role, User
from connectivity.models import AccountDraft, Feature, OAuthClient, OAuthFlow
from connectivity.services import credentials, features, signing_in
from retrieval import urls as retrieval_urls
from retrieval.models import RetrievalTask
from smtp_accounts import urls as smtp_urls
from smtp_accounts.models import SmtpAccount
from tests.retrieval.test_pausing import task_of

#: What belongs to the feature; signatures, templates and own identities are there without it.
PATTERNS: dict[Feature, list[URLPattern]] = {
    Feature.RETRIEVAL: retrieval_urls.urlpatterns,
    Feature.SMTP_ACCOUNTS: [
        one
        for one in smtp_urls.urlpatterns
        if (one.name or "").startswith(("smtp-account", "smtp-draft"))
    ],
}


@pytest.mark.accept("A5", "A6", "A7", "A211")
@pytest.mark.parametrize("feature", list(PATTERNS))
@pytest.mark.parametrize("by_system", [False, True])
def test_no_address_of_a_feature_that_is_off_does_anything(
    user: User,
    make_user: Callable[..., User],
    client_for: Callable[[User], Client],
    feature: Feature,
    by_system: bool,
) -> None:
    make_user("dora@example.test", role=Role.DOMAIN_ADMIN, display_name="Dora of the domain")
    make_user("sam@example.test", role=Role.SYSTEM_ADMIN, display_name="Sam of the system")
    task = task_of(user)
    account = SmtpAccount.objects.create(
        user=user, host="smtp.test", port=465, email="m@else.test", username="m",
        encryption="ssl", credential=credentials.store(user=user, secret="none"),
    )  # fmt: skip
    kind = AccountDraft.Kind.RETRIEVAL if feature == Feature.RETRIEVAL else AccountDraft.Kind.SMTP
    draft = AccountDraft.objects.create(user=user, kind=kind, values={})
    features.set_switch(None if by_system else user.domain, feature, enabled=False)
    before = [list(model.objects.values()) for model in (RetrievalTask, SmtpAccount, AccountDraft)]
    web, seen = client_for(user), 0
    own = {"retrieval-draft": draft.pk, "smtp-draft": draft.pk}
    mine = {Feature.RETRIEVAL: task.pk, Feature.SMTP_ACCOUNTS: account.pk}
    for one in PATTERNS[feature]:
        name = one.name or ""
        pk = next((pk for begin, pk in own.items() if name.startswith(begin)), mine[feature])
        wanted = dict.fromkeys(one.pattern.converters, pk)
        for answer in (
            web.get(reverse(name, kwargs=wanted)),
            web.post(reverse(name, kwargs=wanted), {"action": "save"}),
        ):
            if answer.status_code == 405:
                continue
            assert answer.status_code == 403, name
            text = answer.content.decode()
            assert ("Sam of the system" if by_system else "Dora of the domain") in text, name
            seen += 1
    assert seen >= len(PATTERNS[feature])
    after = [list(model.objects.values()) for model in (RetrievalTask, SmtpAccount, AccountDraft)]
    assert after == before


@pytest.mark.accept("A5")
def test_nobody_signs_in_at_a_provider_for_what_is_off(user: User) -> None:
    """Neither begun while it is off, nor finished where it was switched off on the way."""
    now = timezone.now()
    client = OAuthClient.objects.create(provider="microsoft", client_id="ours", enabled=True)
    values = {"tile": "outlook", "host": "outlook.office365.com", "username": "m@outlook.test"}
    draft = AccountDraft.objects.create(user=user, kind="retrieval", values=values)
    flow = OAuthFlow.objects.create(
        user=user, client=client, draft=draft, state_hash=signing_in._hash("a state"),
        session_hash=signing_in._hash("a session"), expires_at=now + signing_in.LIFE,
    )  # fmt: skip
    features.set_switch(user.domain, Feature.RETRIEVAL, enabled=False)
    with pytest.raises(signing_in.SignInFailed) as begun:
        signing_in.begin(
            user=user, draft=draft, session_key="a session", redirect_uri="https://x/", now=now
        )
    params = {"state": "a state", "code": "a code"}
    with pytest.raises(signing_in.SignInFailed) as finished:
        signing_in.finish(
            user=user, session_key="a session", params=params, redirect_uri="https://x/", now=now
        )
    assert (begun.value.cause, finished.value.cause) == ("feature-off", "feature-off")
    assert list(OAuthFlow.objects.values_list("pk", flat=True)) == [flow.pk]
