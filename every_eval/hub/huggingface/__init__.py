"""A Hub on the Hugging Face Hub, through the client of the Hugging Face Hub."""
