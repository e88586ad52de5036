"""A camera or stream, watched in a browser while the network looks at it."""
