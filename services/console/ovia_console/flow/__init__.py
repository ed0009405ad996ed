"""Flow and delivery: how work moves, where it waits, and when it will be done."""
