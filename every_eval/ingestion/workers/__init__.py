"""Worker processes that read runs and build shards in parallel, and threads that fetch inputs ahead of the parser."""
