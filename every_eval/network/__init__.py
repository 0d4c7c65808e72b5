"""HTTP: requests, retries, downloads that are checked, and the redaction of secrets in what is logged."""
