-- depends: 0003_sync
-- Canonical commits, normalised from raw records of git connections.

create table commits (
    org_id                    uuid not null,
    connection_id             uuid not null,
    sha                       text not null check (length(sha) in (40, 64)),
    raw_record_id             uuid not null,
    author_identity_id        uuid not null,
    committer_identity_id     uuid not null,
    authored_at               timestamptz,
    authored_offset_minutes   integer,
    committed_at              timestamptz,
    committed_offset_minutes  integer,
    parent_count              integer not null check (parent_count >= 0),
    summary                   text not null,
    notes                     text[] not null default '{}',
    removed_at                timestamptz,
    primary key (org_id, connection_id, sha),
    foreign key (org_id, raw_record_id) references raw_records (org_id, id),
    foreign key (org_id, author_identity_id) references identities (org_id, id),
    foreign key (org_id, committer_identity_id) references identities (org_id, id)
);

create index commits_by_raw_record on commits (org_id, raw_record_id);
create index commits_by_author on commits (org_id, author_identity_id, authored_at);
create index commits_by_committer on commits (org_id, committer_identity_id, committed_at);

comment on table commits is 'A commit of one repository. Rewritten history leaves its rows, marked removed.';
comment on column commits.authored_at is 'Null where the commit names no date that a calendar holds (years 1 to 9999); notes say so.';
comment on column commits.notes is 'What had to be bent to fit, in words: a cut name, an impossible date, a guessed encoding.';
comment on column commits.removed_at is 'When a complete reading no longer found it in any branch or tag. Null: reachable.';

create table commit_co_authors (
    org_id         uuid not null,
    connection_id  uuid not null,
    sha            text not null,
    identity_id    uuid not null,
    primary key (org_id, connection_id, sha, identity_id),
    foreign key (org_id, connection_id, sha) references commits (org_id, connection_id, sha),
    foreign key (org_id, identity_id) references identities (org_id, id)
);

create index commit_co_authors_by_identity on commit_co_authors (org_id, identity_id);

comment on table commit_co_authors is 'People named in Co-authored-by trailers of a commit.';

do $$
declare t text;
begin
    foreach t in array array['commits', 'commit_co_authors'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
    end loop;
end $$;

grant select on commits, commit_co_authors to ovia_service;
grant insert, update on commits to ovia_ingest;
grant insert on commit_co_authors to ovia_ingest;
