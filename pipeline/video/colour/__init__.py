"""FFmpeg's frames to planes and RGB, HDR to SDR."""
