"""The Hub of the tests, and its clients."""

from every_eval_tests.hub.conftest import hub, hub_server, publisher, waits

__all__ = ["hub", "hub_server", "publisher", "waits"]
