"""HTTP for every_eval: requests, retries, downloads that are checked, and what may be logged of them."""
