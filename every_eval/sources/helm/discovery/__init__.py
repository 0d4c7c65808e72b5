"""Finding a HELM project's runs and releases from listings and index files."""
