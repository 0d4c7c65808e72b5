"""Where datasets are published: a folder, the Hugging Face Hub."""
