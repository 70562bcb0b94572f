"""What a release and an installation are made with: `make digests`, `make manifests`. No part of the image."""
