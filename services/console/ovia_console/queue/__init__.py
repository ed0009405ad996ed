"""Identity mappings and the conflict queue: whose account is whose, decided with the keyboard."""
