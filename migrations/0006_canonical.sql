-- depends: 0005_people_search
-- Canonical tables for what Jira, GitLab and Confluence hold: one set for all sources.
--
-- A row is known by the source's own id within its connection. `raw_record_id` is the version of the raw record it was
-- made from; there is no foreign key, because old versions may be dropped by retention while a removed row stays.
-- `changed_at` moves only when the row says something else than before; later stages read what moved. `removed_at` is
-- when the source was last found without it.
--
-- Parts (transitions, comments, …) have no foreign key to what they are parts of: both are made from one raw record and
-- stored in one transaction, and the check would cost more than storing them.

create table projects (
    org_id            uuid not null,
    connection_id     uuid not null,
    raw_record_id     uuid not null,
    external_id       text not null check (length(external_id) between 1 and 512),
    kind              text not null,
    key               text not null,
    name              text not null,
    url               text,
    description       text,
    default_branch    text,
    archived          boolean not null,
    lead_identity_id  uuid,
    created_at        timestamptz,
    access_lost_at    timestamptz,
    changed_at        timestamptz not null default now(),
    removed_at        timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, lead_identity_id) references identities (org_id, id)
);

create index projects_by_lead on projects (org_id, lead_identity_id)
    where lead_identity_id is not null;

comment on table projects is
    'A Jira project, a GitLab project or a Confluence space. kind is project, repository or space; key is what '
    'people call it by (GLD, fernweh/glider/app). access_lost_at is when the source first refused to show it: '
    'nothing in it counts as deleted.';

create table field_definitions (
    org_id         uuid not null,
    connection_id  uuid not null,
    raw_record_id  uuid not null,
    external_id    text not null check (length(external_id) between 1 and 512),
    name           text not null,
    custom         boolean not null,
    type           text,
    role           text,
    changed_at     timestamptz not null default now(),
    removed_at     timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

comment on table field_definitions is
    'A field of work items as one connection defines it. role is what the field means to us, found by the '
    'source''s own type: sprint, story_points, team, flagged, epic_link; None for all others.';

create table status_definitions (
    org_id         uuid not null,
    connection_id  uuid not null,
    raw_record_id  uuid not null,
    external_id    text not null check (length(external_id) between 1 and 512),
    name           text not null,
    category       text,
    scope          text,
    changed_at     timestamptz not null default now(),
    removed_at     timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

comment on table status_definitions is
    'A status of work items. category is todo, in_progress or done, as the source says.';

create table work_items (
    org_id                uuid not null,
    connection_id         uuid not null,
    raw_record_id         uuid not null,
    external_id           text not null check (length(external_id) between 1 and 512),
    project_external_id   text not null,
    key                   text not null,
    type                  text,
    title                 text not null,
    description           text,
    url                   text,
    status                text,
    status_category       text,
    resolution            text,
    priority              text,
    reporter_identity_id  uuid,
    assignee_identity_id  uuid,
    creator_identity_id   uuid,
    parent_external_id    text,
    epic_key              text,
    story_points          double precision,
    flagged               boolean,
    team                  text,
    labels                jsonb not null,
    components            jsonb not null,
    fix_versions          jsonb not null,
    affected_versions     jsonb not null,
    fields                jsonb not null,
    estimate_seconds      bigint,
    spent_seconds         bigint,
    due_on                text,
    created_at            timestamptz,
    updated_at            timestamptz,
    resolved_at           timestamptz,
    notes                 jsonb not null,
    changed_at            timestamptz not null default now(),
    removed_at            timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, reporter_identity_id) references identities (org_id, id),
    foreign key (org_id, assignee_identity_id) references identities (org_id, id),
    foreign key (org_id, creator_identity_id) references identities (org_id, id)
);

create index work_items_by_reporter on work_items (org_id, reporter_identity_id)
    where reporter_identity_id is not null;
create index work_items_by_assignee on work_items (org_id, assignee_identity_id)
    where assignee_identity_id is not null;
create index work_items_by_creator on work_items (org_id, creator_identity_id)
    where creator_identity_id is not null;

comment on table work_items is
    'A Jira issue or a GitLab issue. status_category is todo, in_progress or done. fields are custom fields by '
    'the name they have in the source. notes say, in words, what had to be bent to fit.';

create table work_item_keys (
    org_id                 uuid not null,
    connection_id          uuid not null,
    raw_record_id          uuid not null,
    key                    text not null,
    work_item_external_id  text not null,
    changed_at             timestamptz not null default now(),
    removed_at             timestamptz,
    primary key (org_id, connection_id, key),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

comment on table work_item_keys is
    'A key a work item has or once had: items that move between projects change their key, never their id.';

create table work_item_transitions (
    org_id                 uuid not null,
    connection_id          uuid not null,
    raw_record_id          uuid not null,
    work_item_external_id  text not null check (length(work_item_external_id) between 1 and 512),
    history_external_id    text not null check (length(history_external_id) between 1 and 512),
    ordinal                bigint not null,
    field                  text not null,
    field_external_id      text,
    from_value             text,
    from_text              text,
    to_value               text,
    to_text                text,
    actor_identity_id      uuid,
    occurred_at            timestamptz,
    changed_at             timestamptz not null default now(),
    removed_at             timestamptz,
    primary key (org_id, connection_id, work_item_external_id, history_external_id, ordinal),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, actor_identity_id) references identities (org_id, id)
);

create index work_item_transitions_by_actor on work_item_transitions (org_id, actor_identity_id)
    where actor_identity_id is not null;

comment on table work_item_transitions is
    'One changed field of one entry of an item''s history; an entry may change several (ordinal, from 0). '
    'from_value and to_value are ids where the source has them, from_text and to_text what people read.';

create table work_item_links (
    org_id                 uuid not null,
    connection_id          uuid not null,
    raw_record_id          uuid not null,
    work_item_external_id  text not null check (length(work_item_external_id) between 1 and 512),
    external_id            text not null check (length(external_id) between 1 and 512),
    type                   text not null,
    description            text not null,
    inward                 boolean not null,
    target_external_id     text,
    target_key             text,
    changed_at             timestamptz not null default now(),
    removed_at             timestamptz,
    primary key (org_id, connection_id, work_item_external_id, external_id, inward),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

comment on table work_item_links is
    'A link between two work items as seen from one of them, such as is blocked by.';

create table comments (
    org_id               uuid not null,
    connection_id        uuid not null,
    raw_record_id        uuid not null,
    subject_kind         text not null,
    subject_external_id  text not null check (length(subject_external_id) between 1 and 512),
    external_id          text not null check (length(external_id) between 1 and 512),
    author_identity_id   uuid,
    body                 text not null,
    inline               boolean not null,
    resolved             boolean,
    created_at           timestamptz,
    updated_at           timestamptz,
    changed_at           timestamptz not null default now(),
    removed_at           timestamptz,
    primary key (org_id, connection_id, subject_kind, subject_external_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, author_identity_id) references identities (org_id, id)
);

create index comments_by_author on comments (org_id, author_identity_id)
    where author_identity_id is not null;

comment on table comments is
    'What somebody wrote under a work item, a merge request or a document (subject_kind). inline comments stand '
    'at a line or a passage; resolved is None where the source has no such thing.';

create table worklogs (
    org_id                 uuid not null,
    connection_id          uuid not null,
    raw_record_id          uuid not null,
    work_item_external_id  text not null check (length(work_item_external_id) between 1 and 512),
    external_id            text not null check (length(external_id) between 1 and 512),
    author_identity_id     uuid,
    seconds                bigint not null,
    comment                text,
    started_at             timestamptz,
    created_at             timestamptz,
    changed_at             timestamptz not null default now(),
    removed_at             timestamptz,
    primary key (org_id, connection_id, work_item_external_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, author_identity_id) references identities (org_id, id)
);

create index worklogs_by_author on worklogs (org_id, author_identity_id)
    where author_identity_id is not null;

comment on table worklogs is
    'Time somebody says they spent on a work item, in seconds from started_at.';

create table sprints (
    org_id               uuid not null,
    connection_id        uuid not null,
    raw_record_id        uuid not null,
    external_id          text not null check (length(external_id) between 1 and 512),
    board_external_id    text,
    board_name           text,
    project_external_id  text,
    name                 text not null,
    state                text not null,
    goal                 text,
    start_at             timestamptz,
    end_at               timestamptz,
    completed_at         timestamptz,
    changed_at           timestamptz not null default now(),
    removed_at           timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

comment on table sprints is
    'A sprint of a board. state is future, active or closed; completed_at is when somebody closed it.';

create table sprint_memberships (
    org_id                 uuid not null,
    connection_id          uuid not null,
    raw_record_id          uuid not null,
    work_item_external_id  text not null check (length(work_item_external_id) between 1 and 512),
    sprint_external_id     text not null check (length(sprint_external_id) between 1 and 512),
    ordinal                bigint not null,
    added_at               timestamptz,
    left_at                timestamptz,
    changed_at             timestamptz not null default now(),
    removed_at             timestamptz,
    primary key (org_id, connection_id, work_item_external_id, sprint_external_id, ordinal),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

comment on table sprint_memberships is
    'A work item was in a sprint from added_at until left_at (None: it still is), by its own history. ordinal '
    'counts the stays of one item in one sprint, from 0. added_at is None where history does not say.';

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
    foreign key (org_id, connection_id) references connections (org_id, id),
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
    primary key (org_id, connection_id, merge_request_external_id, sha),
    foreign key (org_id, connection_id) references connections (org_id, id)
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
    primary key (org_id, connection_id, merge_request_external_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, actor_identity_id) references identities (org_id, id)
);

create index merge_request_events_by_actor on merge_request_events (org_id, actor_identity_id)
    where actor_identity_id is not null;

comment on table merge_request_events is
    'What happened in a review besides comments. kind is approved, unapproved, changes_requested, '
    'review_requested, draft, ready, merged, closed, reopened, commits_added or other.';

create table pipelines (
    org_id               uuid not null,
    connection_id        uuid not null,
    raw_record_id        uuid not null,
    external_id          text not null check (length(external_id) between 1 and 512),
    project_external_id  text not null,
    number               bigint,
    ref                  text,
    tag                  boolean,
    sha                  text,
    status               text not null,
    source               text,
    actor_identity_id    uuid,
    url                  text,
    duration_seconds     double precision,
    queued_seconds       double precision,
    created_at           timestamptz,
    started_at           timestamptz,
    finished_at          timestamptz,
    updated_at           timestamptz,
    changed_at           timestamptz not null default now(),
    removed_at           timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, actor_identity_id) references identities (org_id, id)
);

create index pipelines_by_actor on pipelines (org_id, actor_identity_id)
    where actor_identity_id is not null;

comment on table pipelines is
    'A run of checks and builds on one commit. status is the source''s word: success, failed, canceled, …';

create table jobs (
    org_id                uuid not null,
    connection_id         uuid not null,
    raw_record_id         uuid not null,
    external_id           text not null check (length(external_id) between 1 and 512),
    project_external_id   text not null,
    pipeline_external_id  text,
    name                  text not null,
    stage                 text,
    status                text not null,
    ref                   text,
    sha                   text,
    allow_failure         boolean not null,
    failure_reason        text,
    actor_identity_id     uuid,
    duration_seconds      double precision,
    queued_seconds        double precision,
    created_at            timestamptz,
    started_at            timestamptz,
    finished_at           timestamptz,
    changed_at            timestamptz not null default now(),
    removed_at            timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, actor_identity_id) references identities (org_id, id)
);

create index jobs_by_actor on jobs (org_id, actor_identity_id)
    where actor_identity_id is not null;

comment on table jobs is
    'A step of a pipeline.';

create table environments (
    org_id               uuid not null,
    connection_id        uuid not null,
    raw_record_id        uuid not null,
    external_id          text not null check (length(external_id) between 1 and 512),
    project_external_id  text not null,
    name                 text not null,
    tier                 text,
    state                text,
    url                  text,
    created_at           timestamptz,
    updated_at           timestamptz,
    changed_at           timestamptz not null default now(),
    removed_at           timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

comment on table environments is
    'Where software is deployed to. tier is production, staging, testing, development or other.';

create table deployments (
    org_id                   uuid not null,
    connection_id            uuid not null,
    raw_record_id            uuid not null,
    external_id              text not null check (length(external_id) between 1 and 512),
    project_external_id      text not null,
    number                   bigint,
    environment_external_id  text,
    environment              text,
    job_external_id          text,
    ref                      text,
    sha                      text,
    status                   text not null,
    actor_identity_id        uuid,
    created_at               timestamptz,
    updated_at               timestamptz,
    finished_at              timestamptz,
    changed_at               timestamptz not null default now(),
    removed_at               timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, actor_identity_id) references identities (org_id, id)
);

create index deployments_by_actor on deployments (org_id, actor_identity_id)
    where actor_identity_id is not null;

comment on table deployments is
    'One commit brought to one environment. status is the source''s word: success, failed, running, …';

create table releases (
    org_id               uuid not null,
    connection_id        uuid not null,
    raw_record_id        uuid not null,
    external_id          text not null check (length(external_id) between 1 and 512),
    project_external_id  text not null,
    kind                 text not null,
    name                 text not null,
    description          text,
    tag                  text,
    sha                  text,
    released             boolean not null,
    author_identity_id   uuid,
    created_at           timestamptz,
    start_at             timestamptz,
    released_at          timestamptz,
    changed_at           timestamptz not null default now(),
    removed_at           timestamptz,
    primary key (org_id, connection_id, external_id),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, author_identity_id) references identities (org_id, id)
);

create index releases_by_author on releases (org_id, author_identity_id)
    where author_identity_id is not null;

comment on table releases is
    'A version: a Jira fix version (kind version), a GitLab release (release) or a bare tag (tag).';

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
    foreign key (org_id, connection_id) references connections (org_id, id),
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
    primary key (org_id, connection_id, document_external_id, number),
    foreign key (org_id, connection_id) references connections (org_id, id),
    foreign key (org_id, author_identity_id) references identities (org_id, id)
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
    primary key (org_id, connection_id, subject_kind, subject_external_id, target_kind, target, found_in),
    foreign key (org_id, connection_id) references connections (org_id, id)
);

comment on table source_references is
    'A mention of target in a subject, and where it was found. subject_kind is merge_request, commit, work_item, '
    'document, comment or release. target_kind is work_item (target is its key) or commit (target is its SHA). '
    'found_in is branch, title, description, commit_title, commit_message, merge_commit, squash_commit, commits '
    'or body.';

-- Work is looked up by its key, in texts that name it; merge requests by their number; both by their project.
create index work_items_by_key on work_items (org_id, key);
create index work_items_by_project on work_items (org_id, connection_id, project_external_id);
create index work_item_keys_by_item on work_item_keys (org_id, connection_id, work_item_external_id);
create index sprint_memberships_by_sprint on sprint_memberships (org_id, connection_id, sprint_external_id);
create index merge_requests_by_project on merge_requests (org_id, connection_id, project_external_id, number);
create index merge_request_commits_by_sha on merge_request_commits (org_id, sha);
create index pipelines_by_project on pipelines (org_id, connection_id, project_external_id);
create index jobs_by_pipeline on jobs (org_id, connection_id, pipeline_external_id);
create index jobs_by_project on jobs (org_id, connection_id, project_external_id);
create index environments_by_project on environments (org_id, connection_id, project_external_id);
create index deployments_by_project on deployments (org_id, connection_id, project_external_id);
create index releases_by_project on releases (org_id, connection_id, project_external_id);
create index documents_by_project on documents (org_id, connection_id, project_external_id);
create index source_references_by_target on source_references (org_id, target_kind, target);

-- A version that comes back (A, B, then A again) is the newest once more: renormalising takes the newest.
comment on column raw_records.fetched_at is 'When this version was last found to be what the source holds.';
grant update (fetched_at) on raw_records to ovia_ingest;
-- Retention drops versions that are not the newest.
grant delete on raw_records to ovia_ingest;

alter table sync_partitions add column normaliser_version integer;
comment on column sync_partitions.normaliser_version is
    'The version every canonical row of this partition was made with. An older one is made anew from raw records.';

-- Plans are kept as long as a connection, and one made while a table was empty may take the wrong index long after it
-- has grown. A first read fills tables faster than the server's own analysis looks at them.
create function refresh_statistics(wanted text[]) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
declare t text;
begin
    foreach t in array wanted loop
        execute format('analyze (skip_locked) %I', t);
    end loop;
end $$;

comment on function refresh_statistics(text[]) is 'Looks at the tables named now, instead of when the server gets to it.';
revoke all on function refresh_statistics(text[]) from public;
grant execute on function refresh_statistics(text[]) to ovia_ingest;

do $$
declare t text;
begin
    foreach t in array array[
        'projects', 'field_definitions', 'status_definitions', 'work_items', 'work_item_keys',
        'work_item_transitions', 'work_item_links', 'comments', 'worklogs', 'sprints', 'sprint_memberships',
        'merge_requests', 'merge_request_commits', 'merge_request_events', 'pipelines', 'jobs', 'environments',
        'deployments', 'releases', 'documents', 'document_versions', 'source_references'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
        execute format('grant insert, update on %I to ovia_ingest', t);
    end loop;
end $$;
