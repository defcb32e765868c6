"""The answer's shape."""

from typing import Any

from rest_framework import serializers

from config.status.word import WORDS
from workers.gates.breakers import State


class DependencyTold(serializers.Serializer[Any]):
    """A part that the service needs."""

    name = serializers.CharField(
        help_text="`database`, `redis`, `broker`, `model_server`, `mail` where mails are sent, or"
        " `configuration` where the file on disk cannot be used."
    )
    ok = serializers.BooleanField(help_text="Whether it answers the web process.")
    problem = serializers.CharField(allow_blank=True, help_text="Why it does not; or empty.")


class QueueTold(serializers.Serializer[Any]):
    """A queue, and its tasks that could be worked on now."""

    name = serializers.CharField()
    depth = serializers.IntegerField(min_value=0, help_text="Tasks that wait.")
    oldest_waiting_seconds = serializers.IntegerField(
        allow_null=True, help_text="How long the first of them has waited; null where none waits."
    )
    paused = serializers.BooleanField(help_text="Whether staff have it wait.")
    live_workers = serializers.IntegerField(min_value=0)


class WorkerTold(serializers.Serializer[Any]):
    """A worker that has not stopped."""

    name = serializers.CharField()
    state = serializers.CharField(help_text="`live`; or `gone`: silent for longer than 30 s.")
    queues = serializers.ListField(child=serializers.CharField())
    silent_seconds = serializers.IntegerField(help_text="Since its last sign of life.")


class BreakerTold(serializers.Serializer[Any]):
    """A model on a server that is left alone after failures."""

    host = serializers.CharField()
    model = serializers.CharField()
    state = serializers.CharField(
        help_text=f"`{State.OPEN}`, `{State.HALF_OPEN}` or `{State.PROBED}`."
    )
    failures = serializers.IntegerField(min_value=0, help_text="In a row.")
    last_reason = serializers.CharField(allow_blank=True)


class PermitsTold(serializers.Serializer[Any]):
    """How many tasks a model of a host works on at once."""

    host = serializers.CharField()
    model = serializers.CharField()
    permits = serializers.IntegerField(min_value=1, help_text="Attempts that may be open at once.")
    stated = serializers.BooleanField(help_text="By the settings; else the number is learned.")
    held = serializers.IntegerField(min_value=0, help_text="Attempts that are open.")
    waiting = serializers.IntegerField(min_value=0, help_text="Tasks that wait for a permit.")


class StatusAnswer(serializers.Serializer[Any]):
    """A word for everybody; all else for staff."""

    status = serializers.CharField(help_text=", ".join(f"`{word}`" for word in WORDS) + ".")
    dependencies = DependencyTold(many=True, required=False)
    queues = QueueTold(
        many=True, required=False, allow_null=True, help_text="Null while the database is silent."
    )
    workers = WorkerTold(many=True, required=False, allow_null=True)
    breakers = BreakerTold(many=True, required=False, allow_null=True)
    permits = PermitsTold(many=True, required=False, allow_null=True)
