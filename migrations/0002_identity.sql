-- depends: 0001_tenancy
-- Who is who: people, teams, the accounts seen in the sources (identities), and the mappings between them.

create table people (
    org_id         uuid not null references organisations,
    id             uuid not null,
    display_name   text not null,
    primary_email  text,
    status         text not null default 'active' check (status in ('active', 'inactive')),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (org_id, id)
);

create index people_by_name on people (org_id, display_name collate "C", id);

comment on table people is 'A human being, once, however many accounts they have. Reached only through mappings.';
comment on column people.status is 'inactive: no longer with the organisation; history stays.';

create table teams (
    org_id      uuid not null references organisations,
    id          uuid not null,
    parent_id   uuid,
    name        text not null check (length(name) between 1 and 200),
    created_at  timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, parent_id) references teams (org_id, id),
    unique nulls not distinct (org_id, parent_id, name)
);

comment on table teams is 'A tree: a team without parent_id is a root. Cycles are refused.';

create function refuse_team_cycle() returns trigger
    language plpgsql as $$
begin
    -- Two moves under way at once would not see each other, and could close a circle together.
    perform pg_advisory_xact_lock(hashtextextended(new.org_id::text, hashtext('team tree')));
    if exists (
        with recursive up (id, parent_id) as (
            select t.id, t.parent_id from teams t where t.org_id = new.org_id and t.id = new.parent_id
            union
            select t.id, t.parent_id from teams t join up on t.org_id = new.org_id and t.id = up.parent_id
        )
        select from up where up.id = new.id
    ) or new.parent_id = new.id then
        raise exception 'team % cannot stand below itself', new.id using errcode = 'check_violation';
    end if;
    return new;
end $$;

create trigger no_cycle before insert or update of parent_id on teams
    for each row when (new.parent_id is not null) execute function refuse_team_cycle();

create table team_memberships (
    org_id      uuid not null references organisations,
    id          uuid not null,
    team_id     uuid not null,
    person_id   uuid not null,
    role        text,
    valid_from  timestamptz not null,
    valid_to    timestamptz,
    known_from  timestamptz not null default now(),
    known_to    timestamptz not null default 'infinity',
    primary key (org_id, id),
    foreign key (org_id, team_id) references teams (org_id, id),
    foreign key (org_id, person_id) references people (org_id, id),
    check (valid_to is null or valid_to > valid_from),
    check (known_to > known_from)
);

create index team_memberships_by_team on team_memberships (org_id, team_id, valid_from);
create index team_memberships_by_person on team_memberships (org_id, person_id, valid_from);

comment on table team_memberships is
    'Who was in which team, when (valid_*), and when Ovia knew it (known_*). A correction closes a row and adds one.';

create table identities (
    org_id           uuid not null references organisations,
    id               uuid not null,
    source           text not null check (length(source) between 1 and 64),
    external_id      text not null check (length(external_id) between 1 and 512),
    username         text check (length(username) <= 320),
    email            text check (length(email) <= 320),
    display_name     text check (length(display_name) <= 1000),
    service_account  boolean not null default false,
    attributes       jsonb not null default '{}',
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (org_id, id)
);

create unique index identities_external_id on identities (org_id, source, external_id);
create index identities_by_email on identities (org_id, source, email) where email is not null;
create index identities_by_username on identities (org_id, source, username) where username is not null;

comment on table identities is 'An account as one source shows it. Never merged or rewritten by matching.';
comment on column identities.source is 'Where it was seen: git_commit_author, git_commit_committer, jira, gitlab, confluence.';
comment on column identities.external_id is 'Unique per source. For git: SHA-256 of name, NUL and e-mail as written.';
comment on column identities.service_account is 'A bot or a technical user: never counted as a person.';
comment on column identities.attributes is 'What the source says beyond our columns, and notes on values that had to be cut.';

-- Search by the beginning of any word, through a btree that begins with org_id: pattern and full-text operators
-- are not leakproof, so under row-level security no index could serve them.
create table identity_words (
    org_id       uuid not null,
    word         text collate "C" not null,
    identity_id  uuid not null,
    primary key (org_id, word, identity_id)
);

comment on table identity_words is
    'Lower-case words of name, e-mail and username of each identity. Kept by the triggers below in every case, so a '
    'foreign key to identities would only cost: it would double the time to store a new account.';

create function words_of(variadic texts text[]) returns setof text
    language sql immutable parallel safe
    begin atomic
        select distinct left(word, 64)
          from regexp_split_to_table(lower(array_to_string(texts, ' ')), '[^[:alnum:]]+') as word
         where word <> '';
    end;

create function index_identity_words() returns trigger
    language plpgsql as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        delete from identity_words w
         using old_rows o, words_of(o.display_name, o.email, o.username) as old_word
         where w.org_id = o.org_id and w.word = old_word and w.identity_id = o.id;
    end if;
    if tg_op in ('INSERT', 'UPDATE') then
        insert into identity_words (org_id, word, identity_id)
        select n.org_id, new_word, n.id
          from new_rows n, words_of(n.display_name, n.email, n.username) as new_word;
    end if;
    return null;
end $$;

create trigger words_of_inserted after insert on identities
    referencing new table as new_rows for each statement execute function index_identity_words();
create trigger words_of_updated after update on identities
    referencing old table as old_rows new table as new_rows for each statement execute function index_identity_words();
create trigger words_of_deleted after delete on identities
    referencing old table as old_rows for each statement execute function index_identity_words();

create table mappings (
    org_id          uuid not null references organisations,
    id              uuid not null,
    identity_id     uuid not null,
    person_id       uuid,
    status          text not null check (status in ('auto', 'verified', 'conflict', 'rejected', 'ignored')),
    confidence      double precision not null check (confidence between 0 and 1),
    rule_trace      jsonb not null,
    engine_version  text not null,
    valid_from      timestamptz not null default '-infinity',
    valid_to        timestamptz,
    known_from      timestamptz not null default now(),
    known_to        timestamptz not null default 'infinity',
    verified_by     text,
    verified_at     timestamptz,
    created_at      timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, identity_id) references identities (org_id, id),
    foreign key (org_id, person_id) references people (org_id, id),
    check (person_id is not null or status = 'ignored'),
    check ((verified_by is null) = (verified_at is null)),
    check (status <> 'verified' or verified_by is not null),
    check (valid_to is null or valid_to > valid_from),
    check (known_to > known_from)
);

-- One active mapping per identity. A rejected one stays as a reminder of a no and leaves room for another.
create unique index mappings_one_active on mappings (org_id, identity_id)
    where known_to = 'infinity' and valid_to is null and status <> 'rejected';
create index mappings_by_identity on mappings (org_id, identity_id);
create index mappings_by_person on mappings (org_id, person_id) where person_id is not null;
create index mappings_queue on mappings (org_id, status, confidence, created_at, id) where known_to = 'infinity';
create index mappings_by_confidence on mappings (org_id, confidence, created_at, id) where known_to = 'infinity';

comment on table mappings is 'The link between an identity and the person behind it, with the reasons for it.';
comment on column mappings.status is
    'auto: made by the engine at or above the organisation''s threshold, in use. '
    'verified: confirmed by a person, in use, never overturned by the engine. '
    'conflict: the evidence disagrees or is thin; not in use until someone decides. '
    'rejected: a person said no; the engine never proposes this pair again. '
    'ignored: belongs to nobody who matters here (person_id may be null); out of every queue.';
comment on column mappings.confidence is '0 to 1: the engine''s estimate that identity and person belong together.';
comment on column mappings.rule_trace is 'Array of {rule, evidence, weight, contribution}: why the confidence is what it is.';
comment on column mappings.valid_from is 'When the link holds in the world; null valid_to means still. known_*: when Ovia believed it.';
comment on column mappings.known_to is 'infinity: believed now. A decision closes the row and adds another, so the past can be replayed.';

create table mapping_counts (
    org_id  uuid not null references organisations,
    id      bigint generated always as identity,
    status  text not null,
    source  text not null,
    change  bigint not null,
    primary key (org_id, id)
);

comment on table mapping_counts is
    'Changes to the number of believed mappings per status and source. Their sum is the exact count at any moment, '
    'without counting rows and without writers queueing on one row; compact_mapping_counts folds them.';

create function count_mappings() returns trigger
    language plpgsql as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        insert into mapping_counts (org_id, status, source, change)
        select o.org_id, o.status, i.source, -count(*)
          from old_rows o join identities i on i.org_id = o.org_id and i.id = o.identity_id
         where o.known_to = 'infinity'
         group by o.org_id, o.status, i.source;
    end if;
    if tg_op in ('UPDATE', 'INSERT') then
        insert into mapping_counts (org_id, status, source, change)
        select n.org_id, n.status, i.source, count(*)
          from new_rows n join identities i on i.org_id = n.org_id and i.id = n.identity_id
         where n.known_to = 'infinity'
         group by n.org_id, n.status, i.source;
    end if;
    return null;
end $$;

create trigger count_inserted after insert on mappings
    referencing new table as new_rows for each statement execute function count_mappings();
create trigger count_updated after update on mappings
    referencing old table as old_rows new table as new_rows for each statement execute function count_mappings();
create trigger count_deleted after delete on mappings
    referencing old table as old_rows for each statement execute function count_mappings();

create function compact_mapping_counts(wanted_org uuid) returns void
    language sql
    begin atomic
        with folded as (
            delete from mapping_counts where org_id = wanted_org returning status, source, change
        )
        insert into mapping_counts (org_id, status, source, change)
        select wanted_org, status, source, sum(change) from folded group by status, source having sum(change) <> 0;
    end;

create table identity_events (
    org_id       uuid not null references organisations,
    id           uuid not null,
    occurred_at  timestamptz not null default now(),
    actor        text not null,
    action       text not null,
    mapping_id   uuid,
    identity_id  uuid,
    person_id    uuid,
    reason       text,
    before       jsonb,
    after        jsonb,
    request_id   text,
    primary key (org_id, id)
);

create index identity_events_by_mapping on identity_events (org_id, mapping_id, occurred_at) where mapping_id is not null;
create index identity_events_by_identity on identity_events (org_id, identity_id, occurred_at) where identity_id is not null;
create index identity_events_by_person on identity_events (org_id, person_id, occurred_at) where person_id is not null;

comment on table identity_events is
    'Every decision about who is who, by the engine or a person, with what was before and after. Append-only.';

create trigger append_only before update or delete or truncate on identity_events
    for each statement execute function refuse_change();

do $$
declare t text;
begin
    foreach t in array array['people', 'teams', 'team_memberships', 'identities', 'identity_words', 'mappings',
                             'mapping_counts', 'identity_events'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
    end loop;
end $$;

grant select on people, teams, team_memberships, identities, identity_words, mappings, mapping_counts, identity_events
    to ovia_service;
grant insert, update on people, mappings to ovia_api, ovia_ingest;
grant insert, update, delete on teams, team_memberships to ovia_api;
grant insert, update on identities to ovia_api, ovia_ingest;
grant insert, delete on identity_words, mapping_counts to ovia_api, ovia_ingest;
grant insert on identity_events to ovia_api, ovia_ingest;
