"""The Python interface: `import seg_video` leads here, and only its names are documented."""
