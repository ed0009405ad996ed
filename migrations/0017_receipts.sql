-- depends: 0016_facts
-- Numbers that were given out, each with what it takes to count it again, and those kept ready by scope and window.

-- Facts are always asked for as of a moment, which an index of those believed now cannot answer.
drop index facts_current;
-- What changed since a number was counted.
create index facts_by_knowledge on facts (org_id, kind, known_from);
create index facts_by_correction on facts (org_id, kind, known_to) where known_to < 'infinity';
create index mappings_by_knowledge on mappings (org_id, known_from);
create index mappings_by_correction on mappings (org_id, known_to) where known_to < 'infinity';

create table receipt_bases (
    org_id      uuid not null references organisations,
    id          uuid not null,
    content     jsonb not null,
    created_at  timestamptz not null default now(),
    primary key (org_id, id)
);

comment on table receipt_bases is
    'What numbers were counted on, by the MD5 of its text: the scope as it was made up at that moment (projects, teams, '
    'work items), the settings in force, and the time zone. Many receipts share one.';

create table receipt_statements (
    org_id      uuid not null references organisations,
    id          uuid not null,
    statement   text not null,
    created_at  timestamptz not null default now(),
    primary key (org_id, id)
);

comment on table receipt_statements is
    'The SQL that numbers were counted with, by its MD5. Its parameters are organisation, start, end, the moment as of '
    'which facts and people are believed (twice), and the basis.';

create table receipts (
    org_id        uuid not null references organisations,
    id            uuid not null,
    kpi           text not null check (length(kpi) between 1 and 100),
    kpi_version   integer not null,
    scope_kind    text not null check (scope_kind in
                      ('organisation', 'product', 'team', 'project', 'sprint', 'release', 'person')),
    scope_id      text not null check (length(scope_id) <= 1200),
    window_start  timestamptz not null,
    window_end    timestamptz not null,
    as_of         timestamptz not null,
    basis_id      uuid not null,
    statements    jsonb not null,
    assembly      jsonb not null,
    answer        text not null,
    n             bigint not null,
    row_count     bigint not null,
    row_hash      uuid not null,
    created_at    timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, basis_id) references receipt_bases (org_id, id),
    check (window_end > window_start)
);

create index receipts_by_basis on receipts (org_id, basis_id);
create index receipts_of_question on receipts (org_id, kpi, scope_kind, scope_id, window_start, window_end, as_of);

comment on table receipts is
    'A number that was given out: the question, as of when it was answered, the answer to the byte, and how many facts '
    'with which hash it was counted from. Never altered.';
comment on column receipts.scope_id is 'Empty for the organisation; connection and external id for what a source names.';
comment on column receipts.statements is 'Ids of receipt_statements by the name of the KPI each one counts.';
comment on column receipts.assembly is 'How the answer was put together from their results, so that a later version does otherwise.';
comment on column receipts.row_hash is 'MD5 over the hashes of the facts, in order, of all statements.';

create table snapshots (
    org_id        uuid not null references organisations,
    scope_kind    text not null,
    scope_id      text not null check (length(scope_id) <= 1200),
    kpi           text not null check (length(kpi) between 1 and 100),
    grain         text not null check (grain in ('latest', 'day', 'week', 'month', 'sprint')),
    window_start  timestamptz not null,
    window_end    timestamptz not null,
    receipt_id    uuid not null,
    right_as_of   timestamptz not null,
    primary key (org_id, scope_kind, scope_id, kpi, grain, window_start, window_end),
    foreign key (org_id, receipt_id) references receipts (org_id, id)
);

create index snapshots_by_receipt on snapshots (org_id, receipt_id);

comment on table snapshots is
    'The newest receipt of a scope, KPI and window, kept ready: a dashboard reads it instead of counting again.';
comment on column snapshots.right_as_of is
    'Nothing it was counted from had changed by then. What changed since is looked at before it is told again.';

do $$
declare t text;
begin
    foreach t in array array['receipt_bases', 'receipt_statements', 'receipts', 'snapshots'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
    end loop;
end $$;

create trigger append_only before update or truncate on receipts
    for each statement execute function refuse_change();

grant insert on receipt_bases, receipt_statements, receipts to ovia_metrics;
grant insert, update, delete on snapshots to ovia_metrics;
