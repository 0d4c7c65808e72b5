"""Where datasets are published: in a folder, or on the Hugging Face Hub."""
