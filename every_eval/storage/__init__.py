"""Where results are read from: a folder, the bundled sample, a bucket over HTTP."""
