"""What comes in by hooks: received by web, turned into syncs by a worker."""
