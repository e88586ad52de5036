"""Detections on disk: the only room that knows the file format (Parquet, one file a chunk, one a run)."""
