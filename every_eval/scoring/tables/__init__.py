"""The rows of each table of the scores repo."""
