-- Organisations, access tokens, the audit log, and the tenancy rules every later table follows.
--
-- Roles are cluster-wide and exist before the first migration (ovia_shared.database.prepare makes them):
--   ovia_owner    owns the schema; runs migrations and the admin commands
--   ovia_service  no login; what every service may do; members: ovia_api, ovia_ingest, ovia_metrics, ovia_rag
--
-- A tenant table has org_id as the first column of every key, row-level security on and forced, and one
-- policy: the row's organisation is the one set for this transaction. With none set there is no row.

create function current_org() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('ovia.org_id', true), '')::uuid;

comment on function current_org() is
    'The organisation this transaction works for (set local ovia.org_id), or null: then no tenant row is visible.';

create function refuse_change() returns trigger
    language plpgsql as $$
begin
    raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
        using errcode = 'insufficient_privilege';
end $$;

comment on function refuse_change() is 'Trigger body of append-only tables.';

create table organisations (
    org_id       uuid primary key,
    name         text not null check (length(name) between 1 and 200),
    time_zone    text not null default 'UTC',
    created_at   timestamptz not null default now()
);

comment on table organisations is 'A tenant. Every other row belongs to exactly one.';
comment on column organisations.time_zone is 'IANA name; reporting windows are half-open in this zone.';

alter table organisations enable row level security;
alter table organisations force row level security;
create policy tenant on organisations using (org_id = current_org()) with check (org_id = current_org());
-- The owner creates and lists organisations; no service can.
create policy operator on organisations to current_user using (true) with check (true);

create table tokens (
    org_id        uuid not null references organisations,
    id            uuid not null,
    name          text not null check (length(name) between 1 and 200),
    role          text not null check (role in ('viewer', 'analyst', 'manager', 'admin')),
    secret_hash   bytea not null check (length(secret_hash) = 32),
    created_at    timestamptz not null default now(),
    created_by    text not null,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    last_used_at  timestamptz,
    primary key (org_id, id)
);

comment on table tokens is 'API access. The secret itself is shown once and never stored.';
comment on column tokens.name is 'Who acts: recorded as the actor of every change made with the token.';
comment on column tokens.secret_hash is 'SHA-256 of the 256-bit random secret.';
comment on column tokens.last_used_at is 'Accurate to five minutes.';

create table audit_log (
    org_id        uuid not null references organisations,
    id            uuid not null,
    occurred_at   timestamptz not null default now(),
    actor         text not null,
    action        text not null,
    subject_kind  text not null,
    subject_id    uuid,
    request_id    text,
    detail        jsonb not null default '{}',
    primary key (org_id, id)
);

create index audit_log_by_subject on audit_log (org_id, subject_kind, subject_id, occurred_at);

comment on table audit_log is
    'Who did what to anything but identities (those have identity_events). Append-only: the database refuses the rest.';

create trigger append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_change();

do $$
declare t text;
begin
    foreach t in array array['tokens', 'audit_log'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
    end loop;
end $$;

-- One round trip opens a request: it sets the organisation the token claims and reads that token under row-level
-- security, so a forged organisation finds no token. The service compares the hash, in constant time.
create function open_request(claimed_org uuid, token_id uuid)
    returns table (name text, role text, secret_hash bytea, expires_at timestamptz, revoked_at timestamptz)
    language plpgsql rows 1 as $$
declare
    last_used timestamptz;
begin
    perform set_config('ovia.org_id', claimed_org::text, true);
    select t.name, t.role, t.secret_hash, t.expires_at, t.revoked_at, t.last_used_at
      into name, role, secret_hash, expires_at, revoked_at, last_used
      from tokens t
     where t.org_id = claimed_org and t.id = token_id;
    if not found then
        return;
    end if;
    -- Every request passes here: the update is not even tried before it is due.
    if last_used is null or last_used < now() - interval '5 minutes' then
        -- Nor does a request wait for another of the same token that is at it: that one may take long.
        update tokens t set last_used_at = now()
         where t.org_id = claimed_org and t.id in (
               select o.id from tokens o
                where o.org_id = claimed_org and o.id = token_id for no key update skip locked);
    end if;
    return next;
end $$;

-- Background workers serve every organisation, one at a time; this is all they may know across organisations.
create function organisation_ids() returns setof uuid
    language sql stable security definer set search_path = public
    begin atomic
        select org_id from organisations order by org_id;
    end;

revoke all on function organisation_ids() from public;
grant execute on function organisation_ids() to ovia_ingest, ovia_metrics, ovia_rag;

grant select on organisations, tokens to ovia_service;
grant update (last_used_at) on tokens to ovia_service;
grant insert on audit_log to ovia_service;
grant select on audit_log to ovia_api;
-- Readiness compares the applied migrations with those a service was built for.
grant select on _yoyo_migration to ovia_service;
