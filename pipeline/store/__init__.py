"""Detections on disk (Parquet, one file a chunk and one a run), and their exports to other formats."""
