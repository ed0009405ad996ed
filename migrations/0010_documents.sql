-- depends: 0009_delivery
-- Documents, and where one thing names another. What holds for all canonical tables is said in 0006_projects.

create table documents (
    org_id                   uuid not null,
    connection_id            uuid not null,
    raw_record_id            uuid not null,
    external_id              text not null check (length(external_id) between 1 and 512),
    project_external_id      text not null,
    kind                     text not null,
    title                    text not null,
    body                     text,
    url                      text,
    status                   text,
    parent_external_id       text,
    author_identity_id       uuid,
    last_author_identity_id  uuid,
    version                  bigint,
    labels                   jsonb not null,
    created_at               timestamptz,
    updated_at               timestamptz,
    notes                    jsonb not null,
    changed_at               timestamptz not null default now(),
    removed_at               timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, author_identity_id) references identities (org_id, id),
    foreign key (org_id, last_author_identity_id) references identities (org_id, id)
);

create index documents_by_author on documents (org_id, author_identity_id)
    where author_identity_id is not null;
create index documents_by_last_author on documents (org_id, last_author_identity_id)
    where last_author_identity_id is not null;

comment on table documents is
    'A page or a blog post. body is clean text, with headings as lines that begin with #.';

create table document_versions (
    org_id                uuid not null,
    connection_id         uuid not null,
    raw_record_id         uuid not null,
    document_external_id  text not null check (length(document_external_id) between 1 and 512),
    number                bigint not null,
    author_identity_id    uuid,
    message               text,
    minor                 boolean,
    created_at            timestamptz,
    changed_at            timestamptz not null default now(),
    removed_at            timestamptz,
    primary key (org_id, connection_id, document_external_id, number)
);

create index document_versions_by_author on document_versions (org_id, author_identity_id)
    where author_identity_id is not null;

comment on table document_versions is
    'An edit of a document. minor edits notify nobody.';

create table source_references (
    org_id               uuid not null,
    connection_id        uuid not null,
    raw_record_id        uuid not null,
    subject_kind         text not null,
    subject_external_id  text not null check (length(subject_external_id) between 1 and 512),
    target_kind          text not null,
    target               text not null,
    found_in             text not null,
    changed_at           timestamptz not null default now(),
    removed_at           timestamptz,
    primary key (org_id, connection_id, subject_kind, subject_external_id, target_kind, target, found_in)
);

comment on table source_references is
    'A mention of target in a subject, and where it was found. subject_kind is merge_request, commit, work_item, '
    'document, comment or release. target_kind is work_item (target is its key) or commit (target is its SHA). '
    'found_in is branch, title, description, commit_title, commit_message, merge_commit, squash_commit, commits '
    'or body.';

create index documents_by_project on documents (org_id, connection_id, project_external_id);
create index source_references_by_target on source_references (org_id, target_kind, target);

do $$
declare t text;
begin
    foreach t in array array['documents', 'document_versions', 'source_references'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
        execute format('grant insert, update on %I to ovia_ingest', t);
    end loop;
end $$;
