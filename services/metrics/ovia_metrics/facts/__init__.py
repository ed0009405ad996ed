"""When facts are derived, and by which command."""
