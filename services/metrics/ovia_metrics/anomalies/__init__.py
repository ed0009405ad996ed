"""What stands out from a series, and how it is told."""
