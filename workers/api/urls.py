"""Addresses below ``/v1/``."""

from django.urls import path

from workers.api.batch import TaskBatchView
from workers.api.events import TaskEventsView
from workers.api.feedback import TaskFeedbackView
from workers.api.models import ModelListView
from workers.api.task_types import TaskTypeListView
from workers.api.views import (
    TaskCancelView,
    TaskDetailView,
    TaskListView,
    TaskResultView,
    TaskRetryView,
)

urlpatterns = [
    path("llm/models", ModelListView.as_view(), name="model-list"),
    path("llm/task-types", TaskTypeListView.as_view(), name="task-type-list"),
    path("tasks", TaskListView.as_view(), name="task-list"),
    path("tasks/batch", TaskBatchView.as_view(), name="task-batch"),
    path("tasks/<str:task_id>", TaskDetailView.as_view(), name="task-detail"),
    path("tasks/<str:task_id>/result", TaskResultView.as_view(), name="task-result"),
    path("tasks/<str:task_id>/events", TaskEventsView.as_view(), name="task-events"),
    path("tasks/<str:task_id>/feedback", TaskFeedbackView.as_view(), name="task-feedback"),
    path("tasks/<str:task_id>/cancel", TaskCancelView.as_view(), name="task-cancel"),
    path("tasks/<str:task_id>/retry", TaskRetryView.as_view(), name="task-retry"),
]
