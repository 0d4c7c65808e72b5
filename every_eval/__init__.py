"""Public LLM evaluation results as Parquet datasets and a leaderboard that anyone can check."""
