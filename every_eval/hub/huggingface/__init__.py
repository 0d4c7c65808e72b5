"""The Hugging Face Hub, through its own client."""
