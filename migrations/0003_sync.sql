-- depends: 0002_identity
-- Connections to sources, the state of reading them, what they sent, and what could not be understood.

create table connections (
    org_id       uuid not null references organisations,
    id           uuid not null,
    kind         text not null check (kind in ('git', 'jira', 'gitlab', 'confluence')),
    name         text not null check (length(name) between 1 and 200),
    base_url     text not null check (length(base_url) between 1 and 1000),
    settings     jsonb not null default '{}',
    credentials  bytea,
    status       text not null default 'active' check (status in ('active', 'paused')),
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (org_id, id)
);

create unique index connections_by_address on connections (org_id, kind, base_url);

comment on table connections is 'One source Ovia reads.';
comment on column connections.base_url is 'Address without any user name, password or token. For git: a URL or an absolute path.';
comment on column connections.credentials is 'Encrypted by the service (Fernet, rotating keys); the database never sees the secret.';
comment on column connections.status is 'active: read when due. paused: kept, not read.';

create table sync_partitions (
    org_id                uuid not null references organisations,
    id                    uuid not null,
    connection_id         uuid not null,
    stream                text not null check (length(stream) between 1 and 64),
    scope                 text not null default '' check (length(scope) <= 512),
    cursor                jsonb,
    window_start          timestamptz,
    page_token            text,
    lease_owner           text,
    fencing_token         bigint not null default 0,
    lease_expires_at      timestamptz,
    next_due_at           timestamptz not null default now(),
    records_done          bigint not null default 0,
    records_total         bigint,
    last_started_at       timestamptz,
    last_success_at       timestamptz,
    last_error            text,
    last_error_at         timestamptz,
    consecutive_failures  integer not null default 0,
    created_at            timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

create unique index sync_partitions_by_stream on sync_partitions (org_id, connection_id, stream, scope);
create index sync_partitions_due on sync_partitions (org_id, next_due_at);

comment on table sync_partitions is 'The unit of reading: one stream of one project, space or repository of a connection.';
comment on column sync_partitions.cursor is 'How far this stream was read; moves only in the transaction that stores what was read.';
comment on column sync_partitions.fencing_token is
    'Grows with every claim. Each write of a reader names the token it was given, so a reader whose lease was taken over writes nothing.';
comment on column sync_partitions.lease_expires_at is 'Until then the owner alone may read. A crashed owner blocks nobody longer.';
comment on column sync_partitions.records_total is 'Estimate for the read under way, for progress only.';

create table sync_runs (
    org_id         uuid not null references organisations,
    id             uuid not null,
    partition_id   uuid not null,
    fencing_token  bigint not null,
    status         text not null check (status in ('running', 'succeeded', 'failed', 'abandoned')),
    started_at     timestamptz not null default now(),
    finished_at    timestamptz,
    records_read   bigint not null default 0,
    raw_added      bigint not null default 0,
    dead_letters   bigint not null default 0,
    error          text,
    primary key (org_id, id),
    foreign key (org_id, partition_id) references sync_partitions (org_id, id)
);

create index sync_runs_by_partition on sync_runs (org_id, partition_id, started_at);

comment on table sync_runs is 'One attempt at reading a partition.';
comment on column sync_runs.status is
    'running: under way, if the partition still has this fencing token. succeeded, failed: ended. abandoned: its reader vanished and another took over.';

create table raw_records (
    org_id         uuid not null,
    id             uuid not null,
    connection_id  uuid not null,
    stream         text not null,
    external_id    text not null check (length(external_id) between 1 and 512),
    content_hash   bytea not null,
    payload        json not null,
    fetched_at     timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

create unique index raw_records_versions on raw_records (org_id, connection_id, stream, external_id, content_hash);

comment on table raw_records is 'What the source sent, as sent: one row per version of a record that differs.';
comment on column raw_records.payload is 'json, not jsonb: the text is kept as it came, escapes and all.';
comment on column raw_records.content_hash is 'SHA-256 of the payload text.';

create table dead_letters (
    org_id              uuid not null references organisations,
    id                  uuid not null,
    connection_id       uuid not null,
    stream              text not null,
    external_id         text not null check (length(external_id) between 1 and 512),
    content_hash        bytea not null,
    payload             bytea not null,
    reason              text not null,
    normaliser_version  integer not null,
    created_at          timestamptz not null default now(),
    resolved_at         timestamptz,
    primary key (org_id, id),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

create unique index dead_letters_versions on dead_letters (org_id, connection_id, stream, external_id, content_hash);

comment on table dead_letters is 'Records that were read and could not be understood: kept whole, with the reason, to be replayed.';
comment on column dead_letters.payload is 'Bytes as read: what was too broken for raw_records is kept too.';

do $$
declare t text;
begin
    foreach t in array array['connections', 'sync_partitions', 'sync_runs', 'raw_records', 'dead_letters'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
    end loop;
end $$;

grant select (org_id, id, kind, name, base_url, settings, status, created_at, updated_at) on connections to ovia_service;
grant select, insert, update on connections to ovia_api, ovia_ingest;
grant select on sync_partitions, sync_runs to ovia_service;
grant insert, update on sync_partitions, sync_runs to ovia_ingest;
grant select on raw_records to ovia_service;
grant insert on raw_records to ovia_ingest;
grant select on dead_letters to ovia_api, ovia_ingest;
grant insert, update on dead_letters to ovia_ingest;
