"""Whether objects keep their identity through a video."""
