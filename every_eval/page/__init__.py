"""The page: a static site that reads the published Parquet files in the browser, and what it needs beside them."""
