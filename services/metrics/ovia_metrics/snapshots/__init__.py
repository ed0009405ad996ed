"""Numbers kept ready: when they are counted, and the command that counts all of history."""
