"""Whose numbers a page shows and of when, as its address says."""
