"""Detections in frame order -> tracks: cheap, strictly ordered, without pixels, input or output."""
