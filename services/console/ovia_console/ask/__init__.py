"""Questions and answers with their evidence."""
