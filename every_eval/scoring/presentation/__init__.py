"""What people are shown of the scores: the card, the picture, the news."""
