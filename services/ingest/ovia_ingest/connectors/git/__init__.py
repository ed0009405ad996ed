"""git as a source: any clone or bare mirror, by local path or by URL."""
