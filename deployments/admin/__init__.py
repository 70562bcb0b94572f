"""Where mappings are edited; everything else is there to be read."""

from django.contrib import admin

from deployments.admin import history, queue, sites

# The tables are wide, and the index lists as much.
admin.site.enable_nav_sidebar = False

__all__ = ["history", "queue", "sites"]
