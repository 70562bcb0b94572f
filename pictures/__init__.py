"""Pictures made from what is there: icons from the SVG, and the README's screenshots from the demo."""
