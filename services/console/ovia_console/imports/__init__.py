"""Lists from spreadsheets: tried first, line by line, and taken only then."""
