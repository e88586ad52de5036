"""Containers and pixels: probe, plan, decode, encode, mux; the only room that knows FFmpeg's libraries."""
