"""Backups of the database: made on schedule, restored on demand, and every night to see that they can be."""
