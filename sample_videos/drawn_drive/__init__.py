"""A dashcam drive drawn from numbers alone, with the exact truth of every frame: `python -m sample_videos.drawn_drive`."""
