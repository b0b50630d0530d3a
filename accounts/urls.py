"""Addresses of the accounts room."""

from django.urls import path

from accounts.views import proving, sign_in

urlpatterns = [
    path("sign-in/", sign_in.SignInView.as_view(), name="sign-in"),
    path("sign-out/", sign_in.SignOutView.as_view(), name="sign-out"),
    path("prove/", proving.prove, name="prove"),
]
