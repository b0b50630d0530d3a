"""Addresses of the accounts room."""

from django.urls import path

from accounts.views import (
    challenge,
    proving,
    recovery,
    second_factor,
    second_step,
    security,
    sign_in,
)

urlpatterns = [
    path("sign-in/", sign_in.SignInView.as_view(), name="sign-in"),
    path("sign-in/second/", second_step.second_step, name="sign-in-second"),
    path("sign-in/second/passkey/", second_step.second_passkey, name="sign-in-second-passkey"),
    path("sign-in/passkey/", second_step.with_passkey, name="sign-in-passkey"),
    path("sign-in/passkey/begin/", second_step.begin_passkey, name="sign-in-passkey-begin"),
    path("sign-out/", sign_in.SignOutView.as_view(), name="sign-out"),
    path("prove/", proving.prove, name="prove"),
    path("prove/passkey/", proving.begin_passkey, name="prove-passkey"),
    path("choose-password/", security.choose_password, name="choose-password"),
    path("settings/security/", security.security, name="security"),
    path("settings/security/password/", security.password, name="security-password"),
    path("settings/security/app/", second_factor.app, name="security-app"),
    path("settings/security/app/remove/", second_factor.remove_app, name="security-app-remove"),
    path("settings/security/passkey/", second_factor.add_passkey, name="security-passkey-add"),
    path(
        "settings/security/passkey/begin/",
        second_factor.begin_passkey,
        name="security-passkey-begin",
    ),
    path(
        "settings/security/passkey/<int:pk>/rename/",
        second_factor.rename_passkey,
        name="security-passkey-rename",
    ),
    path(
        "settings/security/passkey/<int:pk>/remove/",
        second_factor.remove_passkey,
        name="security-passkey-remove",
    ),
    path("settings/security/codes/", second_factor.codes, name="security-codes"),
    path(
        "settings/security/program/",
        second_factor.make_app_password,
        name="security-program-add",
    ),
    path(
        "settings/security/program/<int:pk>/remove/",
        security.remove_app_password,
        name="security-program-remove",
    ),
    path("settings/security/session/<int:pk>/end/", security.end_session, name="security-session"),
    path("settings/security/sessions/end/", security.end_sessions, name="security-sessions"),
    path("recover/", recovery.ask, name="recovery"),
    path("recover/sent/", recovery.sent, name="recovery-sent"),
    path("recover/challenge/", challenge.another, name="recovery-challenge"),
    path("recover/challenge/<slug:key>.png", challenge.picture, name="recovery-picture"),
    path(
        "recover/challenge/<slug:key>@2.png",
        challenge.picture,
        {"scale": 2},
        name="recovery-picture-2x",
    ),
    path("recover/challenge/<slug:key>.wav", challenge.sound, name="recovery-sound"),
    path("recover/link/<slug:token>/", recovery.opened, name="recovery-link"),
    path("recover/new-password/", recovery.choose, name="recovery-choose"),
    path("recover/over/", recovery.over, name="recovery-over"),
    path("recover/done/", recovery.done, name="recovery-done"),
]
