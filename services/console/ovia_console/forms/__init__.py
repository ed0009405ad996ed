"""What pages with forms have in common: reading fields and days, and telling what was done."""
