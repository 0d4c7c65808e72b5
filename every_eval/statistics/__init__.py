"""Statistics as mathematics alone: functions from arrays to arrays, which know no table, file or source."""
