"""How the admin tells times: Django looks here for the formats of a language (FORMAT_MODULE_PATH)."""

DATETIME_FORMAT = "j M Y, H:i T"
