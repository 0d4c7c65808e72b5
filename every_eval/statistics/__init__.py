"""Moments, intervals, win rates and the leaderboard."""
