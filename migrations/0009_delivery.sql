-- depends: 0008_merge_requests
-- From a commit to production. What holds for all canonical tables is said in 0006_projects.

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
    primary key (org_id, connection_id, external_id)
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
    primary key (org_id, connection_id, external_id)
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
    primary key (org_id, connection_id, external_id)
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
    foreign key (org_id, author_identity_id) references identities (org_id, id)
);

create index releases_by_author on releases (org_id, author_identity_id)
    where author_identity_id is not null;

comment on table releases is
    'A version: a Jira fix version (kind version), a GitLab release (release) or a bare tag (tag).';

create index pipelines_by_project on pipelines (org_id, connection_id, project_external_id);
create index jobs_by_pipeline on jobs (org_id, connection_id, pipeline_external_id);
create index jobs_by_project on jobs (org_id, connection_id, project_external_id);
create index environments_by_project on environments (org_id, connection_id, project_external_id);
create index deployments_by_project on deployments (org_id, connection_id, project_external_id);
create index releases_by_project on releases (org_id, connection_id, project_external_id);

do $$
declare t text;
begin
    foreach t in array array['pipelines', 'jobs', 'environments', 'deployments', 'releases'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
        execute format('grant insert, update on %I to ovia_ingest', t);
    end loop;
end $$;
