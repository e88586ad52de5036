"""Paints tracks into a frame's own YUV planes; the only room that knows OpenCV."""
