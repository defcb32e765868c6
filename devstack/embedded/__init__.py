"""The stack on one machine: embedded PostgreSQL, Valkey and model server, and a supervisor."""
