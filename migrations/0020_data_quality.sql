-- depends: 0017_receipts
-- Numbers are told with how far the data behind them can be trusted, and what was not understood is part of that.

-- How many, of which stream: not what they hold.
grant select (org_id, connection_id, stream, created_at, resolved_at) on dead_letters to ovia_metrics;
