"""Rows of circuit breakers, pauses and permits."""

from workers.gates.models.breakers import Breaker
from workers.gates.models.pauses import Pause
from workers.gates.models.permits import PermitPool

__all__ = ["Breaker", "Pause", "PermitPool"]
