"""The weekly job: discover runs, put them into shards, and publish each batch of shards in one commit."""
