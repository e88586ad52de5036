"""Tracks from detections in frame order: cheap, strictly ordered, without pixels, input or output."""
