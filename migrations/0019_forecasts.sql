-- depends: 0018_deriving
-- Forecasts as they were made, and what came of them.

create table forecasts (
    org_id              uuid not null references organisations,
    id                  uuid not null,
    kind                text not null check (kind in ('when', 'how_many')),
    scope_kind          text not null,
    scope_id            text not null check (length(scope_id) <= 1200),
    made_at             timestamptz not null,
    made_by             text not null,
    backtest            boolean not null,
    engine_version      integer not null,
    question            jsonb not null,
    history             jsonb not null,
    base                jsonb,
    what_if             jsonb,
    refusal             text,
    confidence          text not null check (confidence in ('high', 'medium', 'low')),
    confidence_reasons  jsonb not null,
    due_at              timestamptz,
    scored_at           timestamptz,
    outcome             jsonb,
    primary key (org_id, id),
    check ((base is null) = (refusal is not null)),
    check ((scored_at is null) = (outcome is null))
);

create index forecasts_in_order on forecasts (org_id, made_at, id);
create index forecasts_by_scope on forecasts (org_id, scope_kind, scope_id, made_at, id);
-- Those that wait to be judged: few, while those that were judged are kept for ever.
create index forecasts_waiting on forecasts (org_id, due_at) where outcome is null and due_at is not null;

comment on table forecasts is
    'When so many items will be done, or how many by a day: as asked, from which history, what it said, and what came '
    'of it. The same question, history and seed give the same answer again.';
comment on column forecasts.made_at is 'The moment up to which it knew what happened; of a backtest, a past one.';
comment on column forecasts.base is 'What is to be expected; null where the history does not tell, and refusal says why.';
comment on column forecasts.due_at is
    'When the last day it names is over. Calibration counts a forecast from then on, however early its outcome was known: '
    'otherwise those that were kept would be counted before those that were not.';
comment on column forecasts.scored_at is 'When the outcome was written, which happens once.';

alter table forecasts enable row level security;
alter table forecasts force row level security;
create policy tenant on forecasts using (org_id = current_org()) with check (org_id = current_org());
grant select on forecasts to ovia_service;
grant insert, update (scored_at, outcome) on forecasts to ovia_metrics;
-- Making a forecast honours Idempotency-Key, as writes of the api do.
grant select, insert, update, delete on idempotency_keys to ovia_metrics;
