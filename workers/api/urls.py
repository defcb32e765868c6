"""Addresses below ``/v1/``."""

from django.urls import path

from workers.api.views import TaskDetailView, TaskListView

urlpatterns = [
    path("tasks", TaskListView.as_view(), name="task-list"),
    path("tasks/<str:task_id>", TaskDetailView.as_view(), name="task-detail"),
]
