-- depends: 0032_ask_search
-- Whose a token is, who looked at whose page, and what to find in the audit log.

alter table tokens
    add column person_id uuid,
    add column version integer not null default 1;

create index tokens_by_person on tokens (org_id, person_id) where person_id is not null;

comment on column tokens.person_id is
    'The person who uses the token, where somebody said so. No foreign key: a rule on a table there is would bind replicas of '
    'the release before; people are never deleted, and whoever sets it looks first.';
comment on column tokens.version is 'Counts the changes people made; a change names the version it was made to.';

create function token_people(wanted uuid) returns setof uuid
    language sql stable rows 1
    begin atomic
        with recursive chain (id, merged_into_id) as (
            select p.id, p.merged_into_id
              from tokens t join people p on p.org_id = t.org_id and p.id = t.person_id
             where t.org_id = current_org() and t.id = wanted
            union
            select p.id, p.merged_into_id
              from chain c join people p on p.org_id = current_org() and p.id = c.merged_into_id
        )
        select id from chain;
    end;

comment on function token_people(uuid) is 'Whose a token is: the person said, and whom they turned out to be.';

-- A service may add tokens, and alter them in these two ways only: none that has ended is brought back.
grant insert on tokens to ovia_api;

create function end_token(wanted uuid) returns void
    language sql security definer set search_path = public, pg_temp
    begin atomic
        update tokens set revoked_at = now(), version = version + 1
         where org_id = current_org() and id = wanted and revoked_at is null;
    end;

comment on function end_token(uuid) is 'From now on the token opens nothing. Again changes nothing.';

create function change_token(wanted uuid, new_role text, new_expires_at timestamptz, new_person_id uuid) returns void
    language sql security definer set search_path = public, pg_temp
    begin atomic
        update tokens
           set role = new_role, expires_at = new_expires_at, person_id = new_person_id, version = version + 1
         where org_id = current_org() and id = wanted and revoked_at is null and coalesce(expires_at > now(), true);
    end;

comment on function change_token(uuid, text, timestamptz, uuid) is 'Makes a token that is usable what is said; another stays.';

do $$
declare f text;
begin
    foreach f in array array['end_token(uuid)', 'change_token(uuid, text, timestamptz, uuid)'] loop
        execute format('revoke all on function %s from public', f);
        execute format('grant execute on function %s to ovia_api', f);
    end loop;
end $$;

-- Who looked at somebody's page: once an hour at most, so that it costs next to nothing.
create table person_views (
    org_id     uuid not null references organisations,
    person_id  uuid not null,
    hour       timestamptz not null,
    token_id   uuid not null,
    viewed_at  timestamptz not null default now(),
    primary key (org_id, person_id, hour, token_id),
    foreign key (org_id, person_id) references people (org_id, id),
    foreign key (org_id, token_id) references tokens (org_id, id)
);

create index person_views_newest on person_views (org_id, person_id, viewed_at, token_id);
create index person_views_by_token on person_views (org_id, token_id);
create index person_views_by_age on person_views (org_id, viewed_at);

comment on table person_views is
    'Which token read the profile or the activity of whom: the first time in each hour. A token of the person is left out.';

create function note_person_view(viewed uuid, viewer uuid) returns void
    language plpgsql as $$
begin
    if current_setting('transaction_read_only') = 'on'
       or exists (select from person_views v
                   where v.org_id = current_org() and v.person_id = viewed and v.token_id = viewer
                     and v.hour = date_trunc('hour', now(), 'UTC'))
       or viewed in (select token_people(viewer)) then
        return;
    end if;
    insert into person_views (org_id, person_id, hour, token_id)
    values (current_org(), viewed, date_trunc('hour', now(), 'UTC'), viewer)
        on conflict do nothing;
exception
    -- Whoever reads is answered where nothing can be written at present.
    when read_only_sql_transaction or disk_full then
        return;
end $$;

comment on function note_person_view(uuid, uuid) is 'Records that a token looked at a person, unless that is known, or is their own.';

-- The audit log is searched as people are, and narrowed by who did what to what.
create index audit_log_by_actor on audit_log (org_id, actor, occurred_at);
create index audit_log_by_action on audit_log (org_id, action, occurred_at);
create index audit_log_by_kind on audit_log (org_id, subject_kind, occurred_at);
create index audit_log_by_subject_id on audit_log (org_id, subject_id, occurred_at) where subject_id is not null;

create table audit_words (
    org_id    uuid not null,
    word      text collate "C" not null,
    entry_id  uuid not null,
    primary key (org_id, word, entry_id)
);

comment on table audit_words is
    'Lower-case words of actor, action, subject and detail of each entry of the audit log. Kept by the triggers below in every '
    'case, so, as with identity_words, a foreign key would only cost.';

create function index_audit_words() returns trigger
    language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        delete from audit_words w
         using old_rows o, words_of(o.actor, o.action, o.subject_kind, o.detail::text) as old_word
         where w.org_id = o.org_id and w.word = old_word and w.entry_id = o.id;
    else
        insert into audit_words (org_id, word, entry_id)
        select n.org_id, new_word, n.id
          from new_rows n, words_of(n.actor, n.action, n.subject_kind, n.detail::text) as new_word;
    end if;
    return null;
end $$;

create trigger words_of_inserted after insert on audit_log
    referencing new table as new_rows for each statement execute function index_audit_words();
create trigger words_of_deleted after delete on audit_log
    referencing old table as old_rows for each statement execute function index_audit_words();

-- What the maintenance last ran with: no service knows its settings otherwise.
create table prune_runs (
    org_id   uuid not null references organisations,
    ran_at   timestamptz not null default now(),
    actor    text not null,
    days     jsonb not null,
    dropped  jsonb not null,
    primary key (org_id)
);

comment on table prune_runs is
    'The last time that what is kept for a time only was dropped: {setting: days, null for ever} as it was run with, and '
    '{what: rows} that went.';

do $$
declare t text;
begin
    foreach t in array array['person_views', 'audit_words', 'prune_runs'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
    end loop;
end $$;

grant select, insert on person_views to ovia_api;
-- Whoever writes an entry writes its words.
grant insert on audit_words to ovia_service;
grant select on audit_words, prune_runs to ovia_api;

do $$
declare o uuid;
begin
    for o in select org_id from organisations loop
        -- The owner sees the rows of the organisation set, and no other.
        perform set_config('ovia.org_id', o::text, true);
        insert into audit_words (org_id, word, entry_id)
        select a.org_id, word, a.id
          from audit_log a, words_of(a.actor, a.action, a.subject_kind, a.detail::text) as word;
    end loop;
    perform set_config('ovia.org_id', '', true);
end $$;
