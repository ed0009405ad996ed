"""The index Ask searches: kept as sources say now, words first, vectors after them."""
