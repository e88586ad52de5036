"""Detections on disk (Parquet, one file per chunk and one per run), and exports to other formats."""
