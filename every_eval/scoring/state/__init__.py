"""The state: the statistics of all published shards, kept in the scores repo."""
