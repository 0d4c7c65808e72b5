"""Readers of the published datasets, for people who analyse them: views of DuckDB, tables of pyarrow, a summary."""
