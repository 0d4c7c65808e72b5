"""Requests to the Hugging Face Hub: the session that guards the token, what errors mean, and retries."""
