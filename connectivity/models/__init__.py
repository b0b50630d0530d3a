"""How we reach other people's servers: switches, secrets, sign-ins, findings, notices."""

from connectivity.models.credentials import CertificatePin, Credential, CredentialKind
from connectivity.models.drafts import AccountDraft, OAuthFlow
from connectivity.models.features import OFF_AT_FIRST, Feature, FeatureSwitch
from connectivity.models.findings import (
    ConnectionTrial,
    FoundSettings,
    TrialProgress,
    UnknownFailure,
)
from connectivity.models.notifications import Notification
from connectivity.models.push import PushDue, PushSubscription
from connectivity.models.sign_ins import OAuthClient, OAuthGrant

__all__ = [
    "OFF_AT_FIRST",
    "AccountDraft",
    "CertificatePin",
    "ConnectionTrial",
    "Credential",
    "CredentialKind",
    "Feature",
    "FeatureSwitch",
    "FoundSettings",
    "Notification",
    "OAuthClient",
    "OAuthFlow",
    "OAuthGrant",
    "PushDue",
    "PushSubscription",
    "TrialProgress",
    "UnknownFailure",
]
