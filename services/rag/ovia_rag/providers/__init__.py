"""Who makes vectors of texts and who writes for us: what comes with Ovia, and what others serve."""
