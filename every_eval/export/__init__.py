"""Exports of the published tables, in the formats that other places read: `python -m every_eval.export --help`."""
