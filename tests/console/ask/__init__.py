"""Ask in the console."""
