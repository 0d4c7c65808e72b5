"""The tables of the scores repo, made from the state."""
