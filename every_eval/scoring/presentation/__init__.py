"""What people are shown of the scores: the dataset card, the plot, the news, and previews of tables."""
