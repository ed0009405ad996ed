"""The dashboard: numbers with what is behind them, risks, and what changed."""
