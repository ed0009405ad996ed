-- depends: 0015_people
-- The ledger KPIs are counted from: what happened, when it happened, and when we knew.

create table facts (
    org_id               uuid not null references organisations,
    id                   uuid not null,
    kind                 text not null check (length(kind) between 1 and 100),
    entity_kind          text not null check (length(entity_kind) between 1 and 100),
    connection_id        uuid not null,
    entity_id            text not null check (length(entity_id) between 1 and 512),
    project_external_id  text,
    actor_identity_id    uuid,
    occurred_at          timestamptz not null,
    until                timestamptz,
    value                double precision,
    attributes           jsonb not null,
    derivation_version   integer not null,
    row_hash             uuid not null,
    known_from           timestamptz not null,
    known_to             timestamptz not null default 'infinity',
    primary key (org_id, id),
    check (known_to > known_from),
    check (until >= occurred_at)
);

-- What is believed now, by window; one and the same fact is believed once at a time.
create index facts_current on facts (org_id, kind, occurred_at) where known_to = 'infinity';
create unique index facts_of_entity on facts (org_id, kind, connection_id, entity_id, row_hash)
    where known_to = 'infinity';
-- What was believed at an earlier moment.
create index facts_by_window on facts (org_id, kind, occurred_at);
-- Intervals open at a moment: few, while those that ended before it are many.
create index facts_by_end on facts (org_id, kind, until) where until is not null;

comment on table facts is
    'This happened to this entity at occurred_at, worth value, by the rules of derivation_version; believed from '
    'known_from until known_to (infinity: believed now). A correction closes a row and adds one. There are no foreign '
    'keys: facts outlive what they were derived from, and are written by the hundred thousand.';
comment on column facts.entity_id is 'The external_id of the canonical row, within connection_id.';
comment on column facts.until is 'The end of an interval (infinity: not over); null for what happens at one moment.';
comment on column facts.row_hash is 'MD5 over the content, clocks of knowing and version left out: equal facts have equal hashes.';

create table derivations (
    org_id        uuid not null references organisations,
    name          text not null check (length(name) between 1 and 100),
    version       integer not null,
    settings      jsonb not null,
    seen_until    timestamptz not null,
    seen_below    xid8 not null,
    started_at    timestamptz not null,
    finished_at   timestamptz not null,
    added         bigint not null,
    closed        bigint not null,
    error         text,
    error_at      timestamptz,
    primary key (org_id, name)
);

comment on table derivations is
    'How far each family of facts was derived from canonical rows, and how its last run went.';
comment on column derivations.settings is 'The settings its facts were derived with; others mean deriving everything anew.';
comment on column derivations.seen_until is 'When its last run began: rows that changed well before were derived.';
comment on column derivations.seen_below is
    'Every transaction with a lower number had ended when the last run began, so its rows were derived. Rows of a '
    'higher one may have been invisible, however early their changed_at.';

create index projects_by_change on projects (org_id, changed_at);
create index status_definitions_by_change on status_definitions (org_id, changed_at);
create index work_items_by_change on work_items (org_id, changed_at);
create index work_item_transitions_by_change on work_item_transitions (org_id, changed_at);
create index work_item_links_by_change on work_item_links (org_id, changed_at);
create index work_item_links_by_target on work_item_links (org_id, connection_id, target_external_id)
    where target_external_id is not null;
create index comments_by_change on comments (org_id, changed_at);
create index sprints_by_change on sprints (org_id, changed_at);
create index sprint_memberships_by_change on sprint_memberships (org_id, changed_at);
create index merge_requests_by_change on merge_requests (org_id, changed_at);
create index merge_request_commits_by_change on merge_request_commits (org_id, changed_at);
create index merge_request_events_by_change on merge_request_events (org_id, changed_at);
create index pipelines_by_change on pipelines (org_id, changed_at);
create index pipelines_by_commit on pipelines (org_id, connection_id, project_external_id, sha);
create index environments_by_change on environments (org_id, changed_at);
create index deployments_by_change on deployments (org_id, changed_at);
create index source_references_by_change on source_references (org_id, changed_at);

do $$
declare t text;
begin
    foreach t in array array['facts', 'derivations'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
    end loop;
end $$;

grant insert, update (known_to) on facts to ovia_metrics;
grant insert, update on derivations to ovia_metrics;
