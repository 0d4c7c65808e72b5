"""A Hub in a local folder, which needs no server and is the default."""
