"""The one HTTP client through which every source is read, and the check of a connection before it is kept."""
