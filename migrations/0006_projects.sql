-- depends: 0005_people_search
-- Canonical tables for what Jira, GitLab and Confluence hold: one set for all sources.
--
-- A row is known by the source's own id within its connection. `raw_record_id` is the version of the raw record it was
-- made from; there is no foreign key, because old versions may be dropped by retention while a removed row stays.
-- `changed_at` moves only when the row says something else than before; later stages read what moved. `removed_at` is
-- when the source was last found without it.
--
-- There is no foreign key to connections, and none from parts (transitions, comments, …) to what they are parts of: all
-- rows of a raw record are stored in the transaction that stores it, and it refers to the connection. For the same reason
-- the many small rows have none to identities, which are stored a statement before and never deleted. Checking each of
-- them again would cost more than storing them.

create table projects (
    org_id            uuid not null,
    connection_id     uuid not null,
    raw_record_id     uuid not null,
    external_id       text not null check (length(external_id) between 1 and 512),
    kind              text not null,
    key               text not null,
    name              text not null,
    url               text,
    description       text,
    default_branch    text,
    archived          boolean not null,
    lead_identity_id  uuid,
    created_at        timestamptz,
    access_lost_at    timestamptz,
    changed_at        timestamptz not null default now(),
    removed_at        timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, lead_identity_id) references identities (org_id, id)
);

create index projects_by_lead on projects (org_id, lead_identity_id)
    where lead_identity_id is not null;

comment on table projects is
    'A Jira project, a GitLab project or a Confluence space. kind is project, repository or space; key is what '
    'people call it by (GLD, fernweh/glider/app). access_lost_at is when the source first refused to show it: '
    'nothing in it counts as deleted.';

create table field_definitions (
    org_id         uuid not null,
    connection_id  uuid not null,
    raw_record_id  uuid not null,
    external_id    text not null check (length(external_id) between 1 and 512),
    name           text not null,
    custom         boolean not null,
    type           text,
    role           text,
    changed_at     timestamptz not null default now(),
    removed_at     timestamptz,
    primary key (org_id, connection_id, external_id)
);

comment on table field_definitions is
    'A field of work items as one connection defines it. role is what the field means to us, found by the '
    'source''s own type: sprint, story_points, team, flagged, epic_link; None for all others.';

create table status_definitions (
    org_id         uuid not null,
    connection_id  uuid not null,
    raw_record_id  uuid not null,
    external_id    text not null check (length(external_id) between 1 and 512),
    name           text not null,
    category       text,
    scope          text,
    changed_at     timestamptz not null default now(),
    removed_at     timestamptz,
    primary key (org_id, connection_id, external_id)
);

comment on table status_definitions is
    'A status of work items. category is todo, in_progress or done, as the source says.';

-- A version that comes back (A, B, then A again) is the newest once more: renormalising takes the newest.
comment on column raw_records.fetched_at is 'When this version was last found to be what the source holds.';
grant update (fetched_at) on raw_records to ovia_ingest;
-- Retention drops versions that are not the newest.
grant delete on raw_records to ovia_ingest;

alter table sync_partitions add column normaliser_version integer;
comment on column sync_partitions.normaliser_version is
    'The version every canonical row of this partition was made with. An older one is made anew from raw records.';

-- Plans are kept as long as a connection, and one made while a table was empty may take the wrong index long after it
-- has grown. A first read fills tables faster than the server's own analysis looks at them.
create function refresh_statistics(wanted text[]) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
declare t text;
begin
    foreach t in array wanted loop
        execute format('analyze (skip_locked) %I', t);
    end loop;
end $$;

comment on function refresh_statistics(text[]) is 'Looks at the tables named now, instead of when the server gets to it.';
revoke all on function refresh_statistics(text[]) from public;
grant execute on function refresh_statistics(text[]) to ovia_ingest;

do $$
declare t text;
begin
    foreach t in array array['projects', 'field_definitions', 'status_definitions'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
        execute format('grant insert, update on %I to ovia_ingest', t);
    end loop;
end $$;
