"""The Dagster graph: assets, checks, jobs, schedules, sensors and resources. No other package imports Dagster."""
