"""Data health: what is read, how current it is, and what is wrong with it."""
