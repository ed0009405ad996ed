-- depends: 0023_deployed_commits
-- Reading the sources is watched from outside: what the metrics service needs to tell how it is going.

-- The attempts that ended lately, without reading all there ever were.
create index sync_runs_by_end on sync_runs (org_id, finished_at);

-- How many deliveries wait, and since when: not what they hold.
grant select (org_id, connection_id, received_at, processed_at) on webhook_deliveries to ovia_metrics;
