"""Objects in a storage, read by ranges: the only room that knows fsspec and SFTP."""
