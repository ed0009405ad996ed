-- depends: 0019_forecasts
-- Numbers are told with how far the data behind them can be trusted, and what was not understood is part of that.

-- How many, of which stream: not what they hold.
grant select (org_id, connection_id, stream, created_at, resolved_at) on dead_letters to ovia_metrics;

-- Items in a status that means nothing yet: few among many.
create index work_items_without_category on work_items (org_id, connection_id, project_external_id, status)
    where status_category is null and removed_at is null;

-- The metrics service takes writes that people may send twice, too.
grant select, insert, update, delete on idempotency_keys to ovia_metrics;
