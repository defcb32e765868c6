"""``GET /v1/llm/models``: which models there are, for whoever asks."""

from typing import Any

from django.utils.cache import patch_cache_control
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llmconfig.resolution.stated_models import StatedModel
from workers.api import model_schemas
from workers.process.registry.catalogue import ListedModel, models_listed
from workers.process.registry.holdings import Holding


class ModelListView(APIView):
    """Tells the models; ``model_schemas`` says what of each."""

    @model_schemas.LIST
    def get(self, request: Request) -> Response:
        user: Any = request.user  # the global permission class lets nobody anonymous come here
        is_staff = bool(user.is_staff)
        listed = models_listed(user_id=user.pk, with_places=is_staff)
        response = Response({"models": [_model_json(model, is_staff) for model in listed]})
        patch_cache_control(response, private=True, no_cache=True)
        return response


def _model_json(model: ListedModel, is_staff: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": model.name,
        "available": model.available,
        "allowed": model.allowed,
        "loaded": model.loaded,
        "size": model.told("size_bytes"),
        "context_length": model.told("context_length"),
        "context_window": model.window.to_wire(),
        "capabilities": model.told("capabilities"),
        "workers": [_holding_json(holding, is_staff) for holding in model.holdings],
        "used_by": [
            {"task_type": use.task_type, "field": use.field, "layer": use.layer}
            for use in model.uses
        ],
    }
    if is_staff:
        shown["places"] = [_place_json(stated) for stated in model.stated]
    return shown


def _holding_json(holding: Holding, is_staff: bool) -> dict[str, str]:
    if is_staff:
        shown = {"name": holding.worker, "state": holding.state, "host": holding.host}
        return {**shown, **({"reason": holding.fault} if holding.fault else {})}
    # What follows the @ is a machine's address.
    return {"name": holding.worker.partition("@")[0], "state": holding.state}


def _place_json(stated: StatedModel) -> dict[str, Any]:
    return {
        "layer": stated.layer,
        "place": stated.place or None,
        "tier": stated.tier,
        "task_types": None if stated.task_types is None else list(stated.task_types),
        "field": stated.field,
        "users": stated.users,
    }
