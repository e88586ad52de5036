"""What a program may use: `import seg_video` leads here, and only its names are documented."""
