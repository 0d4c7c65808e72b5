"""The bucket on loopback that the tests of storages use too."""

from every_eval_tests.storage.conftest import bucket, server

__all__ = ["bucket", "server"]
