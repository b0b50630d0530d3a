"""Switches: the system above the domain, the most restrictive wins."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from accounts.models import Domain, User
from connectivity.models import Feature
from connectivity.services import features
from connectivity.services.features import Effective, Origin, decide


@pytest.mark.parametrize(
    ("system", "domain", "expected"),
    [
        (None, None, (True, Origin.DEFAULT)),
        (True, None, (True, Origin.SYSTEM)),
        (False, None, (False, Origin.SYSTEM)),
        (None, True, (True, Origin.DOMAIN)),
        (None, False, (False, Origin.DOMAIN)),
        (True, False, (False, Origin.DOMAIN)),
        (True, True, (True, Origin.DOMAIN)),
        (False, True, (False, Origin.SYSTEM)),
        (False, False, (False, Origin.SYSTEM)),
    ],
)
@pytest.mark.accept("A211")
def test_the_most_restrictive_level_wins(
    system: bool | None, domain: bool | None, expected: tuple[bool, Origin]
) -> None:
    enabled, origin = expected
    assert decide(system, domain) == Effective(enabled=enabled, origin=origin)


@pytest.mark.accept("A5", "A173")
def test_the_two_features_are_switched_apart(user: User, domain: Domain) -> None:
    features.set_switch(domain, Feature.RETRIEVAL, False)
    assert not features.enabled_for(user, Feature.RETRIEVAL)
    assert features.enabled_for(user, Feature.SMTP_ACCOUNTS)
    assert Feature.RETRIEVAL not in features.enabled_features(user)
    assert Feature.SMTP_ACCOUNTS in features.enabled_features(user)


def test_a_domain_switch_does_not_touch_other_domains(user: User) -> None:
    features.set_switch(Domain.objects.create(name="other.test"), Feature.RETRIEVAL, False)
    assert features.enabled_for(user, Feature.RETRIEVAL)


@pytest.mark.accept("A7")
def test_the_system_switch_stands_above_every_domain(user: User, domain: Domain) -> None:
    features.set_switch(domain, Feature.RETRIEVAL, True)
    features.set_switch(None, Feature.RETRIEVAL, False)
    assert features.effective(domain, Feature.RETRIEVAL).origin == Origin.SYSTEM
    assert not features.enabled_for(user, Feature.RETRIEVAL)
    assert features.switched_off_domains(Feature.RETRIEVAL) is None
    features.set_switch(None, Feature.RETRIEVAL, True)
    assert features.enabled_for(user, Feature.RETRIEVAL)


def test_switching_twice_keeps_one_row(domain: Domain) -> None:
    for _ in range(2):
        features.set_switch(domain, Feature.RETRIEVAL, False)
        features.set_switch(None, Feature.RETRIEVAL, True)
    assert domain.feature_switches.count() == 1
    assert features.switched_off_domains(Feature.RETRIEVAL) == [domain.pk]


def test_somebody_locked_out_has_no_features(user: User) -> None:
    user.is_active = False
    assert features.enabled_features(user) == frozenset()


def test_an_unknown_feature_is_an_error() -> None:
    with pytest.raises(ValueError, match="no feature"):
        features.set_switch(None, "telepathy", True)


def test_every_change_is_noticed(domain: Domain) -> None:
    now = timezone.now()
    seen = [features.mark()]
    for change in (
        partial(features.set_switch, domain, Feature.LOOKUP, True, now=now),
        partial(features.set_switch, domain, Feature.LOOKUP, False, now=now),
        partial(features.set_switch, None, Feature.LOOKUP, False),
        partial(features.clear_switch, None, Feature.LOOKUP),
        partial(features.set_switch, domain, Feature.LOOKUP, False, now=now + timedelta(hours=1)),
    ):
        change()
        assert features.mark() != seen[-1]
        seen.append(features.mark())
