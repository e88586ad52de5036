"""The segmenter of a chunk: decoded frames to detections."""
