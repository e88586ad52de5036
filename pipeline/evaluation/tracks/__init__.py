"""Measures how well objects keep their identity through a video."""
