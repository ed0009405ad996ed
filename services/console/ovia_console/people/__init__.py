"""People: the list, and everything about one of them."""
