"""What keeps a run waiting: circuit breakers, pauses, permits, hosts that are away."""
