-- depends: 0007_work_items
-- Merge requests and their reviews. What holds for all canonical tables is said in 0006_projects.

create table merge_requests (
    org_id                 uuid not null,
    connection_id          uuid not null,
    raw_record_id          uuid not null,
    external_id            text not null check (length(external_id) between 1 and 512),
    project_external_id    text not null,
    number                 bigint not null,
    title                  text not null,
    description            text,
    url                    text,
    state                  text not null,
    draft                  boolean not null,
    author_identity_id     uuid,
    merged_by_identity_id  uuid,
    closed_by_identity_id  uuid,
    reviewer_identity_ids  jsonb not null,
    assignee_identity_ids  jsonb not null,
    source_branch          text,
    target_branch          text,
    labels                 jsonb not null,
    milestone              text,
    head_sha               text,
    merge_commit_sha       text,
    squash_commit_sha      text,
    additions              bigint,
    deletions              bigint,
    changed_files          bigint,
    commit_count           bigint,
    first_commit_at        timestamptz,
    created_at             timestamptz,
    updated_at             timestamptz,
    merged_at              timestamptz,
    closed_at              timestamptz,
    notes                  jsonb not null,
    changed_at             timestamptz not null default now(),
    removed_at             timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, author_identity_id) references identities (org_id, id),
    foreign key (org_id, merged_by_identity_id) references identities (org_id, id),
    foreign key (org_id, closed_by_identity_id) references identities (org_id, id)
);

create index merge_requests_by_author on merge_requests (org_id, author_identity_id)
    where author_identity_id is not null;
create index merge_requests_by_merged_by on merge_requests (org_id, merged_by_identity_id)
    where merged_by_identity_id is not null;
create index merge_requests_by_closed_by on merge_requests (org_id, closed_by_identity_id)
    where closed_by_identity_id is not null;

comment on table merge_requests is
    'A proposal to merge one branch into another. state is open, merged or closed (without merging). number is '
    'the one people use inside the project. Line counts are those of the diff against the target branch. '
    'first_commit_at is the earliest date its commits were authored on.';

create table merge_request_commits (
    org_id                     uuid not null,
    connection_id              uuid not null,
    raw_record_id              uuid not null,
    merge_request_external_id  text not null check (length(merge_request_external_id) between 1 and 512),
    sha                        text not null,
    title                      text,
    message                    text,
    author_name                text,
    author_email               text,
    authored_at                timestamptz,
    committed_at               timestamptz,
    changed_at                 timestamptz not null default now(),
    removed_at                 timestamptz,
    primary key (org_id, connection_id, merge_request_external_id, sha)
);

comment on table merge_request_commits is
    'A commit of a merge request, as the source lists it; the commit itself comes from git.';

create table merge_request_events (
    org_id                     uuid not null,
    connection_id              uuid not null,
    raw_record_id              uuid not null,
    merge_request_external_id  text not null check (length(merge_request_external_id) between 1 and 512),
    external_id                text not null check (length(external_id) between 1 and 512),
    kind                       text not null,
    text                       text,
    actor_identity_id          uuid,
    occurred_at                timestamptz,
    changed_at                 timestamptz not null default now(),
    removed_at                 timestamptz,
    primary key (org_id, connection_id, merge_request_external_id, external_id)
);

create index merge_request_events_by_actor on merge_request_events (org_id, actor_identity_id)
    where actor_identity_id is not null;

comment on table merge_request_events is
    'What happened in a review besides comments. kind is approved, unapproved, changes_requested, '
    'review_requested, draft, ready, merged, closed, reopened, commits_added or other.';

create index merge_requests_by_project on merge_requests (org_id, connection_id, project_external_id, number);
create index merge_request_commits_by_sha on merge_request_commits (org_id, sha);

do $$
declare t text;
begin
    foreach t in array array['merge_requests', 'merge_request_commits', 'merge_request_events'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
        execute format('grant insert, update on %I to ovia_ingest', t);
    end loop;
end $$;
