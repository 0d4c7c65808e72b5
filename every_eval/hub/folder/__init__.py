"""A Hub in a local folder: the embedded default."""
