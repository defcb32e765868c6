"""Addresses below ``/v1/``."""

from django.urls import path

from config.api.accounts.views import MeView, TokensView, TokenView

urlpatterns = [
    path("auth/token", TokenView.as_view(), name="auth-token"),
    path("auth/tokens", TokensView.as_view(), name="auth-tokens"),
    path("auth/me", MeView.as_view(), name="auth-me"),
]
