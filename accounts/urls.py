"""Addresses of the accounts room."""

from django.urls import path

from accounts.views import challenge, proving, recovery, sign_in

urlpatterns = [
    path("sign-in/", sign_in.SignInView.as_view(), name="sign-in"),
    path("sign-out/", sign_in.SignOutView.as_view(), name="sign-out"),
    path("prove/", proving.prove, name="prove"),
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
    path("recover/done/", recovery.done, name="recovery-done"),
]
