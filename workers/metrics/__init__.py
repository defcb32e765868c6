"""What one worker process tells of itself on its own port: health, readiness and metrics."""
