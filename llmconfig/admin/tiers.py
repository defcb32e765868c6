"""Tiers: their ranks and members."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from llmconfig.admin.base import ModelAdmin
from llmconfig.models import Tier


@admin.register(Tier)
class TierAdmin(ModelAdmin[Tier]):
    list_display = ["group", "rank", "members"]
    list_select_related = ["group"]
    search_fields = ["group__name"]
    autocomplete_fields = ["group"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tier]:
        return super().get_queryset(request).annotate(member_count=Count("group__user"))

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, tier: Any) -> int:
        return int(tier.member_count)
