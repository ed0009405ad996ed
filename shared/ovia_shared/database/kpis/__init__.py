"""KPIs as SQL over facts: one mechanism for all of the catalogue, scopes, receipts, and snapshots of them."""
