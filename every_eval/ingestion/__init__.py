"""The weekly job: discover runs, assign them to shards, build the shards' files, and publish them batch by batch."""
