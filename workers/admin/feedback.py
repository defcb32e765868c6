"""What people think of results: a list by model, and a line in the run itself."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from llmconfig.admin.base import ModelAdmin, TabularInline
from llmconfig.admin.read_only import ReadOnly
from llmconfig.admin.tables import badge
from llmconfig.values.labels import layer_label
from workers.runs.models import Feedback, TaskRun
from workers.runs.models.feedback import Rating

BADGES = {Rating.GOOD: "good", Rating.BAD: "bad"}


class FeedbackInline(ReadOnly, TabularInline[Feedback, TaskRun]):
    model = Feedback
    fields = ("judged", "comment", "user", "updated_at")
    readonly_fields = fields
    extra = 0

    @admin.display(description=_("rating"))
    def judged(self, feedback: Feedback) -> str:
        return rating_badge(feedback)


@admin.register(Feedback)
class FeedbackAdmin(ReadOnly, ModelAdmin[Feedback]):
    list_display = ("judged", "comment", "answered_by", "chosen_by", "user", "updated_at")
    list_filter = ("rating", "model", "fallback_used", "source", "updated_at")
    search_fields = ("comment", "user__username", "model", "=run__id")
    date_hierarchy = "updated_at"
    list_select_related = ("user",)
    show_full_result_count = False
    fields = ("judged", "comment", "answered_by", "chosen_by", "user", "run", "updated_at")

    @admin.display(description=_("rating"), ordering="rating")
    def judged(self, feedback: Feedback) -> str:
        return rating_badge(feedback)

    @admin.display(description=_("answered by"), ordering="model")
    def answered_by(self, feedback: Feedback) -> str:
        return f"↪ {feedback.model}" if feedback.fallback_used else feedback.model

    @admin.display(description=_("source"), ordering="source")
    def chosen_by(self, feedback: Feedback) -> str:
        return badge(layer_label(feedback.source), feedback.source)


def rating_badge(feedback: Feedback) -> str:
    rating = Rating(feedback.rating)
    return badge(rating.label, BADGES[rating])
