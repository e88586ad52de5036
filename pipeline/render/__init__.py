"""Paints tracks into a frame's own YUV planes: masks, labels, colours."""
