"""Tools for a release and an installation: `make digests`, `make manifests`. Not part of the image."""
