"""The daily job: find the shards that are new, fold their statistics into the state, publish the scores."""
