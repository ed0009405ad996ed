"""Facts, derived from canonical rows by SQL: one module per family, the ledger they end in, and how far they got."""
