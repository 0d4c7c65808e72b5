"""Where results are read from: a folder, a zip archive such as the bundled sample, a bucket, or a repo of the Hub."""
