"""Frame and tracks -> painted frame, in the frame's own YUV planes; the only room that knows OpenCV."""
