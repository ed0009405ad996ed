"""What Ask searches, and what it was asked."""
