"""A review, formatted: text for a terminal, Markdown for a pull request, an HTML page, JSON."""
