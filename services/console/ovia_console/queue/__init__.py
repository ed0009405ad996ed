"""Who is who: the queue of what waits for a decision, everything decided so far, and accounts that are nobody's."""
