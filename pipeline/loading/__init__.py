"""Turn values from outside (YAML, JSON, command lines) into settings."""
