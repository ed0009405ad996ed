"""How far numbers can be trusted: beside each of them, and all of it at a glance."""
