"""The headers of containers and codecs, read byte by byte: words that FFmpeg passes over and players obey."""
