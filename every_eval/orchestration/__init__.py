"""Everything that imports dagster: assets, checks, jobs, schedules and resources."""
