"""A name or a file to a FrameSegmenter."""
