"""Values from outside become settings: YAML with its lines, JSON, and words of a command line."""
