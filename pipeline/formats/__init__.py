"""Foreign weight files, read without running them, one module a format."""
