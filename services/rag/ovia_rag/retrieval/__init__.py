"""Passages that may answer a question: found by words and vectors, then ranked by what they share with it."""
