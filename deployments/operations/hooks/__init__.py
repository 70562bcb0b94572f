"""Hooks: received by web, turned into syncs by a worker."""
