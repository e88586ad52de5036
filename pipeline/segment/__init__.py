"""Segmentation: decoded frames to detections."""
