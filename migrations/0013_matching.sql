-- depends: 0012_settings_and_products
-- Matching step by step: which accounts are waiting to be matched, and what others are found by.

alter table identities
    add column service_account_by text,
    add column service_account_reason text,
    add column service_account_trace jsonb;

comment on column identities.service_account_by is
    'Who said by hand whether this is a service account; null: detected. What a person said is never overturned.';
comment on column identities.service_account_reason is 'Why a person said so.';
comment on column identities.service_account_trace is
    'Array of {rule, evidence, weight, contribution}: why Ovia takes it for a service account; null where it does not.';

create table matching_queue (
    org_id       uuid not null,
    identity_id  uuid not null,
    primary key (org_id, identity_id)
);

comment on table matching_queue is
    'Accounts that are new, or changed in what matching looks at, since they were last matched. Kept by the triggers '
    'below; a column of identities instead would have its words written anew with every pass.';

create function queue_for_matching() returns trigger
    language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into matching_queue (org_id, identity_id)
        select n.org_id, n.id from new_rows n on conflict do nothing;
    else
        insert into matching_queue (org_id, identity_id)
        select n.org_id, n.id
          from new_rows n join old_rows o on o.org_id = n.org_id and o.id = n.id
         where (n.username, n.email, n.display_name, n.service_account)
               is distinct from (o.username, o.email, o.display_name, o.service_account)
            on conflict do nothing;
    end if;
    return null;
end $$;

create trigger queue_inserted after insert on identities
    referencing new table as new_rows for each statement execute function queue_for_matching();
create trigger queue_updated after update on identities
    referencing old table as old_rows new table as new_rows for each statement execute function queue_for_matching();

insert into matching_queue (org_id, identity_id) select org_id, id from identities;

create table identity_keys (
    org_id       uuid not null,
    key          bigint not null,
    identity_id  uuid not null,
    primary key (org_id, key, identity_id)
);

comment on table identity_keys is
    'What each account can be found by: hashes of its mailbox, names, logins and their usual forms. Written by matching, '
    'which reads only the accounts that share a key with a new one. Former keys stay: what an account was called is '
    'evidence too. As with identity_words, a foreign key would only cost.';

create table unmapped_identities (
    org_id       uuid not null,
    identity_id  uuid not null,
    primary key (org_id, identity_id)
);

comment on table unmapped_identities is
    'Accounts without an active mapping, kept by the triggers below: nearly all accounts have one, and looking through '
    'them for the few that have none would read everything. Written in every case, so a foreign key would only cost.';

create function note_unmapped_identities() returns trigger
    language plpgsql as $$
begin
    insert into unmapped_identities (org_id, identity_id)
    select n.org_id, n.id from new_rows n on conflict do nothing;
    return null;
end $$;

create function forget_unmapped_identities() returns trigger
    language plpgsql as $$
begin
    delete from unmapped_identities u using old_rows o where u.org_id = o.org_id and u.identity_id = o.id;
    return null;
end $$;

create function follow_mappings() returns trigger
    language plpgsql as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        insert into unmapped_identities (org_id, identity_id)
        select distinct o.org_id, o.identity_id
          from old_rows o
         where o.known_to = 'infinity' and o.valid_to is null and o.status <> 'rejected'
           and not exists (
               select from mappings m
                where m.org_id = o.org_id and m.identity_id = o.identity_id and m.known_to = 'infinity'
                  and m.valid_to is null and m.status <> 'rejected')
            on conflict do nothing;
    end if;
    if tg_op in ('UPDATE', 'INSERT') then
        delete from unmapped_identities u
         using new_rows n
         where n.known_to = 'infinity' and n.valid_to is null and n.status <> 'rejected'
           and u.org_id = n.org_id and u.identity_id = n.identity_id;
    end if;
    return null;
end $$;

create trigger unmapped_inserted after insert on identities
    referencing new table as new_rows for each statement execute function note_unmapped_identities();
create trigger unmapped_deleted after delete on identities
    referencing old table as old_rows for each statement execute function forget_unmapped_identities();
create trigger mapped_inserted after insert on mappings
    referencing new table as new_rows for each statement execute function follow_mappings();
create trigger mapped_updated after update on mappings
    referencing old table as old_rows new table as new_rows for each statement execute function follow_mappings();
create trigger mapped_deleted after delete on mappings
    referencing old table as old_rows for each statement execute function follow_mappings();

insert into unmapped_identities (org_id, identity_id)
select i.org_id, i.id from identities i
 where not exists (
       select from mappings m
        where m.org_id = i.org_id and m.identity_id = i.id and m.known_to = 'infinity' and m.valid_to is null
          and m.status <> 'rejected');

create table linking_runs (
    org_id          uuid not null references organisations,
    id              uuid not null,
    started_at      timestamptz not null default now(),
    seconds         double precision not null check (seconds >= 0),
    considered      integer not null check (considered >= 0),
    people          integer not null,
    linked          integer not null,
    conflicts       integer not null,
    orphans         integer not null,
    engine_version  text not null,
    complete        boolean not null,
    primary key (org_id, id)
);

comment on table linking_runs is
    'Each pass of the matcher that had something to do: how many accounts it considered, and what came of it. '
    'complete: all accounts were matched anew, not only the new ones.';

do $$
declare t text;
begin
    foreach t in array array['matching_queue', 'identity_keys', 'unmapped_identities', 'linking_runs'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
    end loop;
end $$;

grant insert, delete on matching_queue, identity_keys, unmapped_identities to ovia_api, ovia_ingest;
grant insert on linking_runs to ovia_api, ovia_ingest;

-- Decisions about who is who, each of one or several events, and how they are undone.
alter table identity_events
    add column decision_id uuid,
    add column undoes uuid;

create index identity_events_by_decision on identity_events (org_id, decision_id) where decision_id is not null;
create index identity_events_by_undone on identity_events (org_id, undoes) where undoes is not null;
create index identity_events_newest on identity_events (org_id, id);

comment on column identity_events.decision_id is 'The decision this is part of: one click of a reviewer, one link of the engine.';
comment on column identity_events.undoes is 'The decision that this one takes back.';
comment on column identity_events.before is
    'What was in force before: {mappings: [...], people: [...], memberships: [...]}, each with the id of its row.';
comment on column identity_events.after is 'The same, as the decision left it.';

-- A person who is gone from the lists still stands behind history.
create index people_by_email on people (org_id, lower(primary_email)) where primary_email is not null and deleted_at is null;
create index mappings_by_age on mappings (org_id, status, created_at, id) where known_to = 'infinity';
