"""Tokens of the API: to see and to revoke. They are issued where their text can be shown."""

from django.contrib import admin
from django.http import HttpRequest
from knox.models import AuthToken

from llmconfig.admin.base import ModelAdmin

if admin.site.is_registered(AuthToken):
    admin.site.unregister(AuthToken)


@admin.register(AuthToken)
class TokenAdmin(ModelAdmin[AuthToken]):
    list_display = ["token_key", "user", "created", "expiry"]
    list_display_links = ["token_key"]
    list_select_related = ["user"]
    list_filter = ["created", "expiry"]
    # The audit trail tells how a token begins.
    search_fields = ["user__username", "user__email", "^token_key"]
    ordering = ["-created"]
    fields = ["token_key", "user", "created", "expiry"]
    readonly_fields = ["token_key", "user", "created", "expiry"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuthToken | None = None) -> bool:
        return False
