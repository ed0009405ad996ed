-- depends: 0027_changed_facts
-- What Ask searches: pieces of documents, work items, merge requests and descriptions of KPIs, the words in them, and vectors.

create table ask_chunks (
    org_id               uuid not null references organisations,
    id                   bigint generated always as identity,
    source_kind          text not null check (source_kind in ('document', 'work_item', 'merge_request', 'kpi')),
    connection_id        uuid not null,
    external_id          text not null,
    part                 text not null check (part in ('title', 'body', 'comment')),
    part_external_id     text not null,
    ordinal              integer not null,
    project_external_id  text,
    title_path           text[] not null,
    content              text not null check (length(content) between 1 and 20000),
    starts_at            integer not null,
    ends_at              integer not null,
    language             text not null check (language in ('english', 'russian', 'simple')),
    words                tsvector not null,
    length               integer not null,
    identity_ids         uuid[] not null,
    url                  text,
    version              text,
    created_at           timestamptz,
    updated_at           timestamptz,
    content_hash         uuid not null,
    indexed_at           timestamptz not null default now(),
    primary key (org_id, id),
    unique (org_id, source_kind, connection_id, external_id, part, part_external_id, ordinal)
        deferrable initially immediate
);

comment on table ask_chunks is
    'A piece of something people wrote, small enough to be cited. content is what was written there, from the character '
    'starts_at to before ends_at of the whole; title_path are the title of the whole and the headings above the piece. '
    'connection_id is all zeros for descriptions of KPIs. part is title only where there is no body. identity_ids are the '
    'accounts of who wrote it or is named as responsible. words are the lexemes of title_path and content, of which there '
    'are length, each counted as often as it occurs. part_external_id is empty but for a comment. Ordinals move when text '
    'is put before a piece, all in one statement: so they are checked at its end.';

-- A posting for every word there is: here, as in canonical tables, no key is checked against organisations for each row.

create table ask_terms (
    org_id  uuid not null,
    lexeme  text not null,
    chunks  integer not null,
    primary key (org_id, lexeme)
);

comment on table ask_terms is 'In how many chunks a lexeme occurs; rare ones say more (the inverse document frequency of BM25).';

create table ask_postings (
    org_id    uuid not null,
    lexeme    text not null,
    chunk_id  bigint not null,
    impact    real not null,
    primary key (org_id, lexeme, chunk_id) include (impact)
);

comment on table ask_postings is
    'A lexeme in a chunk. impact is what BM25 gives for it but for the inverse document frequency: from how often it occurs '
    'and how long the chunk is against the mean length that ask_index_states tells.';

create table ask_embedding_indexes (
    org_id      uuid not null references organisations,
    id          uuid not null,
    provider    text not null,
    model       text not null,
    dimension   integer not null check (dimension between 1 and 4000),
    state       text not null check (state in ('building', 'serving', 'retired')),
    filled      bigint not null default 0,
    left_out    bigint not null default 0,
    created_at  timestamptz not null default now(),
    served_at   timestamptz,
    primary key (org_id, id)
);

create unique index ask_embedding_indexes_serving on ask_embedding_indexes (org_id) where state = 'serving';
create unique index ask_embedding_indexes_building on ask_embedding_indexes (org_id) where state = 'building';

comment on table ask_embedding_indexes is
    'A set of vectors by one model. building: being made, while another serves; serving: searched; retired: to be removed. '
    'Chunks up to the id in filled have theirs, but for as many as left_out says, which the model would not take.';

create table ask_embeddings (
    org_id     uuid not null,
    chunk_id   bigint not null,
    index_id   uuid not null,
    dimension  integer not null,
    embedding  halfvec not null check (vector_dims(embedding) = dimension),
    primary key (org_id, chunk_id, index_id),
    foreign key (org_id, chunk_id) references ask_chunks (org_id, id) on delete cascade,
    foreign key (org_id, index_id) references ask_embedding_indexes (org_id, id) on delete cascade
);

create index ask_embeddings_by_index on ask_embeddings (org_id, index_id);

comment on table ask_embeddings is 'The vector of a chunk in one set of vectors, of length 1.';

-- An approximate index is of one dimension, and is a graph rather than an order: no column of it can come first.
create index ask_embeddings_256 on ask_embeddings using hnsw ((embedding::halfvec(256)) halfvec_ip_ops)
    where dimension = 256;
create index ask_embeddings_384 on ask_embeddings using hnsw ((embedding::halfvec(384)) halfvec_ip_ops)
    where dimension = 384;
create index ask_embeddings_512 on ask_embeddings using hnsw ((embedding::halfvec(512)) halfvec_ip_ops)
    where dimension = 512;
create index ask_embeddings_768 on ask_embeddings using hnsw ((embedding::halfvec(768)) halfvec_ip_ops)
    where dimension = 768;
create index ask_embeddings_1024 on ask_embeddings using hnsw ((embedding::halfvec(1024)) halfvec_ip_ops)
    where dimension = 1024;
create index ask_embeddings_1536 on ask_embeddings using hnsw ((embedding::halfvec(1536)) halfvec_ip_ops)
    where dimension = 1536;
create index ask_embeddings_3072 on ask_embeddings using hnsw ((embedding::halfvec(3072)) halfvec_ip_ops)
    where dimension = 3072;

create table ask_due (
    org_id         uuid not null references organisations,
    source_kind    text not null check (source_kind in ('document', 'work_item', 'merge_request', 'kpi')),
    connection_id  uuid not null,
    external_id    text not null,
    anew           boolean not null default false,
    noticed_at     timestamptz not null default now(),
    failed_at      timestamptz,
    failure        text,
    primary key (org_id, source_kind, connection_id, external_id)
);

comment on table ask_due is
    'What changed and is not in the index yet, until it is. anew: to be cut and counted again even if it says the same. '
    'What could not be indexed says why, and waits until it changes again.';

create table ask_index_states (
    org_id        uuid not null references organisations,
    version       bigint not null default 0,
    chunks        bigint not null default 0,
    length        bigint not null default 0,
    mean_length   double precision not null default 0,
    recounting    bigint,
    cutting       integer not null default 0,
    described     uuid,
    seen_until    timestamptz,
    seen_below    xid8,
    changed_at    timestamptz,
    looked_at     timestamptz,
    seconds       double precision,
    failed_at     timestamptz,
    failure       text,
    primary key (org_id)
);

comment on table ask_index_states is
    'How far the index of an organisation is. version grows with every change of it, so that an answer can say what it was '
    'found in. length is that of all chunks together; mean_length is the one that impacts are counted with. recounting: '
    'impacts of chunks beyond this id are still those of another mean. cutting is the version of the rules by which texts '
    'were cut, described a checksum of the descriptions of KPIs. seen_until and seen_below are as in derivations: what '
    'changed before is in the index or in ask_due. looked_at is when everything that had changed by then was in it, and '
    'seconds how long that took.';

-- A chunk goes with its source, or with its connection: whoever deletes it, its words go too.

create or replace function delete_connection_rows(wanted uuid, most integer) returns integer
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    deleted integer;
    gone integer;
    target text;
begin
    -- One after another with the pages of the index of Ask: what a page adds is seen by the next batch.
    perform pg_advisory_xact_lock(hashtextextended('ask page ' || current_org(), 0));
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

create function forget_ask_words() returns trigger
    language plpgsql as $$
begin
    delete from ask_postings p using gone g, unnest(g.words) w
     where p.org_id = g.org_id and p.lexeme = w.lexeme and p.chunk_id = g.id;
    merge into ask_terms t
    using (select g.org_id, w.lexeme, count(*)::integer as chunks from gone g, unnest(g.words) w
            group by g.org_id, w.lexeme order by g.org_id, w.lexeme) w
       on t.org_id = w.org_id and t.lexeme = w.lexeme
     when matched and t.chunks <= w.chunks then delete
     when matched then update set chunks = t.chunks - w.chunks;
    update ask_index_states s
       set version = s.version + 1, chunks = s.chunks - g.chunks, length = s.length - g.length,
           changed_at = clock_timestamp()
      from (select org_id, count(*) as chunks, sum(length) as length from gone group by org_id) g
     where s.org_id = g.org_id;
    return null;
end $$;

create trigger ask_words_go_with_chunks after delete on ask_chunks
    referencing old table as gone for each statement execute function forget_ask_words();

do $$
declare t text;
begin
    foreach t in array array['ask_chunks', 'ask_terms', 'ask_postings', 'ask_embedding_indexes', 'ask_embeddings',
                             'ask_due', 'ask_index_states'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select, insert, update, delete on %I to ovia_rag', t);
    end loop;
end $$;

-- Numbers in answers are receipts like any other.
grant insert on receipt_bases, receipt_statements, receipts to ovia_rag;
