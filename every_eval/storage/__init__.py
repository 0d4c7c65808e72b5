"""Where results are read from: a folder, a zip archive such as the bundled sample, or a bucket over HTTP."""
