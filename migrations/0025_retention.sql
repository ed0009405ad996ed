-- depends: 0024_watching
-- What is kept for a time only: how far back facts are complete, when receipts were last of use, and who may shorten the
-- audit log.

alter table organisations add column facts_known_since timestamptz;

comment on column organisations.facts_known_since is
    'Facts that were corrected before this moment are no longer kept, save for receipts that need them: what was believed '
    'earlier cannot be asked for. Null: all are kept.';

-- Whether a receipt that is kept needs a fact.
create index receipts_by_moment on receipts (org_id, as_of);

create table receipt_replays (
    org_id       uuid not null,
    receipt_id   uuid not null,
    replayed_at  timestamptz not null default now(),
    primary key (org_id, receipt_id),
    foreign key (org_id, receipt_id) references receipts (org_id, id) on delete cascade
);

comment on table receipt_replays is 'When a receipt was last counted again, accurate to a day: somebody relies on it.';

alter table receipt_replays enable row level security;
alter table receipt_replays force row level security;
create policy tenant on receipt_replays using (org_id = current_org()) with check (org_id = current_org());
grant select on receipt_replays to ovia_service;
grant insert, update on receipt_replays to ovia_metrics;

-- The owner may, if it says so, and nobody else: a service has no right to delete there in the first place.
create function refuse_change_but_pruning() returns trigger
    language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_user = 'ovia_owner' and current_setting('ovia.pruning', true) = tg_table_name then
        return null;
    end if;
    raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
        using errcode = 'insufficient_privilege';
end $$;

comment on function refuse_change_but_pruning() is 'Trigger body of an append-only table whose oldest rows the owner may drop.';

create or replace trigger append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_change_but_pruning();

create index audit_log_by_age on audit_log (org_id, occurred_at);
