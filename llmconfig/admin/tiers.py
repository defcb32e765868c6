"""Tiers: their ranks, the models that they allow, and their members."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig.admin import scopes
from llmconfig.admin.autocomplete import PeopleSelectMultiple
from llmconfig.admin.forms import TierForm
from llmconfig.admin.history import HistoryPages
from llmconfig.admin.versioned import VersionedAdmin
from llmconfig.history.entries import tier_history
from llmconfig.resolution import known_models
from llmconfig.resolution.policy import environment_policy
from llmconfig.store import services
from llmconfig.store.tier_members import tier_members_change
from llmconfig.tables.models import Tier
from llmconfig.values.model_names import NOT_ALLOWED

#: Members that the tier's own page names; the list of users has them all.
SHOWN_MEMBERS = 50
_MEMBER_FIELDS = ("add_members", "remove_members")


@admin.register(Tier)
class TierAdmin(HistoryPages, VersionedAdmin[Tier]):
    delete_service = services.tier_delete
    entries = tier_history
    row_name = "tier"
    form = TierForm
    compressed_fields = False
    warn_unsaved_form = True
    list_before_template = "llmconfig/admin/tiers_intro.html"
    list_display = ["name", "rank_text", "members", "rows", "allows"]
    list_select_related = ["group"]
    search_fields = ["group__name"]
    autocomplete_fields = ["group"]
    readonly_fields = ["name", "matches", "members_text"]
    ordering = ["-rank"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tier]:
        tiers: QuerySet[Tier] = super().get_queryset(request).select_related("group")
        return tiers.annotate(
            member_count=Count("group__user", distinct=True),
            row_count=Count("group__llm_preferences", distinct=True),
        )

    @admin.display(description=_("tier"), ordering="group__name")
    def name(self, tier: Tier) -> str:
        return tier.group.name

    @admin.display(description=_("rank"), ordering="rank")
    def rank_text(self, tier: Tier) -> str:
        return str(tier.rank)

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, tier: Any) -> str:
        address = f"{reverse('admin:auth_user_changelist')}?groups__id__exact={tier.group_id}"
        return format_html('<a class="lc-link" href="{}">{}</a>', address, tier.member_count)

    @admin.display(description=_("preferences"), ordering="row_count")
    def rows(self, tier: Any) -> str:
        address = f"{scopes.TIERS.url}?tier={tier.group_id}"
        return format_html('<a class="lc-link" href="{}">{}</a>', address, tier.row_count)

    @admin.display(description=_("allows"))
    def allows(self, tier: Tier) -> str:
        if tier.allowed_models is None:
            return gettext("all that the environment allows")
        return format_html('<span class="lc-code">{}</span>', ", ".join(tier.allowed_models))

    @admin.display(description=_("known models"))
    def matches(self, tier: Tier) -> str:
        """Which of the known models the members may use, by the list as it is stored."""
        stored = tier.allowed_models
        policy = environment_policy().narrowed([None if stored is None else tuple(stored)])
        models = [(name, policy.refusal(name)) for name in known_models.names()]
        context = {"models": models, "by_environment": NOT_ALLOWED}
        return render_to_string("llmconfig/admin/tier_models.html", context)

    @admin.display(description=_("members"))
    def members_text(self, tier: Any) -> str:
        people = list(tier.group.user_set.order_by("username")[: SHOWN_MEMBERS + 1])
        context = {
            "people": people[:SHOWN_MEMBERS],
            "more": len(people) > SHOWN_MEMBERS,
            "count": tier.member_count,
            "group_id": tier.group_id,
        }
        return render_to_string("llmconfig/admin/tier_members.html", context)

    def get_fieldsets(self, request: HttpRequest, obj: Tier | None = None) -> Any:
        members: list[str] = ["members_text"] if obj else []
        may_change = obj is None or self.has_change_permission(request, obj)
        if may_change and self._may_change_members(request):
            members += _MEMBER_FIELDS if obj else ("add_members",)
        why = [(_("Why"), {"fields": ["reason"]})] if may_change else []
        return [
            (_("Tier"), {"fields": [("name" if obj else "group", "rank")]}),
            (_("Models"), {"fields": ["allowed_models", *(["matches"] if obj else [])]}),
            *([(_("Members"), {"fields": members})] if members else []),
            *why,
        ]

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        allowed = self._may_change_members(request)
        form.people_input = staticmethod(self._people_input) if allowed else None
        return form

    def _people_input(self, group_id: int | None) -> PeopleSelectMultiple:
        people = PeopleSelectMultiple(self.admin_site)
        people.group_id = group_id
        return people

    def save_model(self, request: HttpRequest, obj: Tier, form: Any, change: bool) -> None:
        services.tier_save(
            tier=obj,
            by=request.user,  # type: ignore[arg-type]  # nobody else gets here
            expected_version=form.cleaned_data["opened_version"] if change else None,
            reason=form.cleaned_data["reason"],
        )
        if self._may_change_members(request):
            add, remove = (form.cleaned_data.get(name) or () for name in _MEMBER_FIELDS)
            tier_members_change(tier=obj, add=add, remove=remove)

    def _may_change_members(self, request: HttpRequest) -> bool:
        # Groups may carry permissions: who may not edit users gives none away here either.
        return request.user.has_perm("auth.change_user")
