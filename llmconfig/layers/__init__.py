"""The places that state fields: built-in, YAML, environment and rows, weakest first."""
