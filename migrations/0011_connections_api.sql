-- depends: 0010_documents
-- Connections as people manage them: removal, versions, webhooks, replays of dead letters, writes that happen once.

alter table connections
    drop constraint connections_status_check,
    add constraint connections_status_check check (status in ('active', 'paused', 'removed', 'deleting')),
    add column account text check (length(account) <= 400),
    add column webhook_secret bytea,
    add column version integer not null default 1;

comment on column connections.status is
    'active: read when due. paused: kept, not read. removed: never read again; what was read stays. '
    'deleting: what was read is being deleted, and the row itself last.';
comment on column connections.account is 'Whose credentials are stored, masked, for people to recognise.';
comment on column connections.webhook_secret is 'What signs deliveries from the source; encrypted like the credentials.';
comment on column connections.version is 'Counts the changes people made; a change names the version it was made to.';

-- The address of a removed connection is free for another.
drop index connections_by_address;
create unique index connections_by_address on connections (org_id, kind, base_url)
    where status in ('active', 'paused');

grant select (version) on connections to ovia_service;

alter table dead_letters add column replay_requested_at timestamptz;
comment on column dead_letters.replay_requested_at is
    'When somebody asked to try it once more; null again when it was tried.';
create index dead_letters_open on dead_letters (org_id, connection_id, stream, id) where resolved_at is null;
create index dead_letters_to_replay on dead_letters (org_id, connection_id, id)
    where resolved_at is null and replay_requested_at is not null;
grant update (replay_requested_at) on dead_letters to ovia_api;

-- Lists show the newest first, and an id tells the order.
create index sync_runs_newest on sync_runs (org_id, partition_id, id);
create index sync_runs_by_status on sync_runs (org_id, status, id);

create table webhook_deliveries (
    org_id         uuid not null,
    id             uuid not null,
    connection_id  uuid not null,
    delivery_id    text not null check (length(delivery_id) between 1 and 255),
    body_hash      bytea,
    event          text not null check (length(event) between 1 and 100),
    payload        bytea not null,
    received_at    timestamptz not null default now(),
    processed_at   timestamptz,
    error          text,
    primary key (org_id, id),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

create unique index webhook_deliveries_once on webhook_deliveries (org_id, connection_id, delivery_id);
create unique index webhook_deliveries_bodies on webhook_deliveries (org_id, connection_id, body_hash)
    where body_hash is not null;
create index webhook_deliveries_waiting on webhook_deliveries (org_id, connection_id, id) where processed_at is null;

comment on table webhook_deliveries is
    'What a source sent on its own, as sent. Only a hint: what changed is read from the source itself.';
comment on column webhook_deliveries.delivery_id is 'The source''s name for this delivery; a second one is a repetition.';
comment on column webhook_deliveries.body_hash is
    'SHA-256 of the payload where the signature does not cover delivery_id, which anybody could change then.';

create table idempotency_keys (
    org_id      uuid not null,
    token_id    uuid not null,
    key         text not null check (length(key) between 1 and 255),
    request     text not null,
    digest      bytea not null,
    status      integer not null,
    headers     jsonb not null,
    body        bytea not null,
    created_at  timestamptz not null default now(),
    primary key (org_id, token_id, key),
    foreign key (org_id, token_id) references tokens (org_id, id)
);

create index idempotency_keys_by_age on idempotency_keys (org_id, created_at);

comment on table idempotency_keys is 'Answers to writes that named a key, for a day: repeating one gives it again and changes nothing.';
comment on column idempotency_keys.request is 'Method and path.';
comment on column idempotency_keys.digest is 'SHA-256 of method, path, query and body: the key of another request is refused.';

-- A service's role may not touch how far a source was read, so what stops or restarts reading has rights of its own.
create function stop_reading(wanted uuid) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    -- A reader names its fencing token with each write: from here on it writes nothing more.
    update sync_partitions
       set fencing_token = fencing_token + 1, lease_owner = null, lease_expires_at = null
     where org_id = current_org() and connection_id = wanted;
    update sync_runs r
       set status = 'abandoned', finished_at = now()
      from sync_partitions p
     where r.org_id = current_org() and p.org_id = r.org_id and p.id = r.partition_id and p.connection_id = wanted
       and r.status = 'running';
end $$;

comment on function stop_reading(uuid) is 'Takes a connection from whoever reads it now; the cursors stay.';

create function restart_reading(wanted uuid) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    restarted integer;
begin
    perform stop_reading(wanted);
    update sync_partitions
       set cursor = null, window_start = null, page_token = null, next_due_at = now(),
           records_done = 0, records_total = null, consecutive_failures = 0, last_error = null, last_error_at = null
     where org_id = current_org() and connection_id = wanted;
    get diagnostics restarted = row_count;
    return restarted;
end $$;

comment on function restart_reading(uuid) is
    'Has a connection read from the beginning. What was read stays and is refreshed. Returns the number of partitions.';

create function hasten_reading(wanted uuid) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update sync_partitions set next_due_at = now()
     where org_id = current_org() and connection_id = wanted and next_due_at > now() and isfinite(next_due_at);
end $$;

comment on function hasten_reading(uuid) is
    'Has a connection read at once: somebody mended what made its readers wait.';

create function delete_connection_rows(wanted uuid, most integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    deleted integer;
    gone integer;
    target text;
begin
    -- One at a time: two would wait for each other's rows, find none left, and take the connection away too early.
    perform from connections
      where org_id = current_org() and id = wanted and status = 'deleting'
        for no key update skip locked;
    if not found then
        return 0;
    end if;
    -- The one table that knows its connection only through another.
    delete from sync_runs
     where ctid = any (array(
           select r.ctid
             from sync_runs r join sync_partitions p on p.org_id = r.org_id and p.id = r.partition_id
            where r.org_id = current_org() and p.connection_id = wanted
            limit most));
    get diagnostics deleted = row_count;
    -- Every table with a connection_id, also those of later migrations; what refers to another goes first.
    for target in
        with recursive ours as (
            select c.oid, c.relname
              from pg_class c
              join pg_attribute a on a.attrelid = c.oid and a.attname = 'connection_id' and not a.attisdropped
             where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
        ), below (oid, depth) as (
            select oid, 0 from ours
            union
            select f.conrelid, b.depth + 1
              from below b
              join pg_constraint f on f.confrelid = b.oid and f.contype = 'f' and f.conrelid <> f.confrelid
              join ours on ours.oid = f.conrelid
             where b.depth < 20
        )
        select ours.relname from ours join below using (oid)
         group by ours.relname order by max(below.depth) desc, ours.relname
    loop
        exit when deleted >= most;
        execute format('delete from %1$I where ctid = any (array('
                       'select ctid from %1$I where org_id = current_org() and connection_id = $1 limit $2))', target)
          using wanted, most - deleted;
        get diagnostics gone = row_count;
        deleted := deleted + gone;
    end loop;
    if deleted < most then
        delete from connections where org_id = current_org() and id = wanted;
        deleted := deleted + 1;
    end if;
    return deleted;
end $$;

comment on function delete_connection_rows(uuid, integer) is
    'Deletes at most so many rows of a connection whose status is deleting, the connection itself last. '
    'Returns how many; 0 when nothing is left.';

revoke all on function stop_reading(uuid) from public;
revoke all on function restart_reading(uuid) from public;
revoke all on function hasten_reading(uuid) from public;
revoke all on function delete_connection_rows(uuid, integer) from public;
grant execute on function stop_reading(uuid), restart_reading(uuid), hasten_reading(uuid) to ovia_api;
grant execute on function delete_connection_rows(uuid, integer) to ovia_ingest;

do $$
declare t text;
begin
    foreach t in array array['webhook_deliveries', 'idempotency_keys'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
    end loop;
end $$;

grant insert on webhook_deliveries to ovia_api;
grant select, delete on webhook_deliveries to ovia_ingest;
grant update (processed_at, error) on webhook_deliveries to ovia_ingest;
grant select, insert, update, delete on idempotency_keys to ovia_api;

-- Attempts of long ago are dropped.
grant delete on sync_runs to ovia_ingest;
