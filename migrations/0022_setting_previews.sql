-- depends: 0020_data_quality
-- Looks at what choosing a setting would change, before it is chosen.

create table setting_previews (
    org_id        uuid not null references organisations,
    id            uuid not null,
    name          text not null check (length(name) between 1 and 100),
    value         jsonb not null,
    scope_kind    text not null check (scope_kind in ('organisation', 'product', 'team')),
    scope_id      text not null check (length(scope_id) <= 1200),
    status        text not null check (status in ('running', 'done', 'failed', 'abandoned')),
    phase         text not null,
    done          integer not null default 0,
    total         integer not null default 0,
    requested_by  text not null,
    created_at    timestamptz not null default now(),
    heartbeat_at  timestamptz not null default now(),
    finished_at   timestamptz,
    error         text,
    result        jsonb,
    primary key (org_id, id)
);

-- Deriving facts twice takes a while: one look at a time.
create unique index setting_previews_running on setting_previews (org_id) where status = 'running';

comment on table setting_previews is
    'Looks at what choosing a setting would change. Everything else that was written for one was rolled back. Kept for a day.';
comment on column setting_previews.heartbeat_at is
    'When whoever computes it last said so; without a heartbeat for a minute they are gone, and it is abandoned.';

alter table setting_previews enable row level security;
alter table setting_previews force row level security;
create policy tenant on setting_previews using (org_id = current_org()) with check (org_id = current_org());
grant select on setting_previews to ovia_service;
grant insert, update, delete on setting_previews to ovia_metrics;
