"""Rows of feedback on results."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workers.runs.models.runs import TaskRun

SOURCE_MAX_LENGTH = 40


class Rating(models.IntegerChoices):
    BAD = -1, _("bad")
    GOOD = 1, _("good")


class Feedback(models.Model):
    """One judgement of one result, beside what made it."""

    run = models.OneToOneField(
        TaskRun, on_delete=models.CASCADE, related_name="feedback", verbose_name=_("run")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="feedback",
        verbose_name=_("user"),
    )
    rating = models.SmallIntegerField(_("rating"), choices=Rating.choices)
    comment = models.CharField(_("comment"), max_length=2000, blank=True, default="")
    model = models.CharField(_("model"), max_length=255, help_text=_("Which answered."))
    fallback_used = models.BooleanField(_("fallback answered"))
    source = models.CharField(
        _("source"),
        max_length=SOURCE_MAX_LENGTH,
        help_text=_("The layer that chose the model."),
    )
    created_at = models.DateTimeField(_("given at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ["-updated_at"]
        indexes = [models.Index(fields=["user", "-updated_at"], name="feedback_of_user")]
        constraints = [
            models.CheckConstraint(name="feedback_rating_known", condition=Q(rating__in=[-1, 1]))
        ]

    def __str__(self) -> str:
        return f"{self.get_rating_display()}: {self.model}"
