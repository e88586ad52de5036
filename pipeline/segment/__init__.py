"""Frames to detections in parallel; the only room that knows Ray."""
