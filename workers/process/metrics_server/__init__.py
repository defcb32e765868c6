"""HTTP server of a worker: metrics, health and readiness."""
