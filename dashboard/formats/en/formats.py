"""How the admin shows times: Django finds the formats of a language here (FORMAT_MODULE_PATH)."""

DATETIME_FORMAT = "j M Y, H:i T"
