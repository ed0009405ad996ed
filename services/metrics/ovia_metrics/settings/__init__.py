"""What an organisation chooses about its numbers: chosen, told, and looked at before it is chosen."""
