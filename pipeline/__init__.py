"""seg-video: the same dashcam video, plus masks."""

__version__ = "0.1.0"
