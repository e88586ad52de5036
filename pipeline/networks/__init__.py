"""The FrameSegmenter of a name or a file of weights."""
