"""`ovia-ingest run`: which partitions are due, how each is opened, and what is done besides reading."""
