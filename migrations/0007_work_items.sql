-- depends: 0006_projects
-- Work items and all that happens to them. What holds for all canonical tables is said in 0006_projects.

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
    primary key (org_id, connection_id, key)
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
    primary key (org_id, connection_id, work_item_external_id, history_external_id, ordinal)
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
    primary key (org_id, connection_id, work_item_external_id, external_id, inward)
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
    primary key (org_id, connection_id, subject_kind, subject_external_id, external_id)
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
    primary key (org_id, connection_id, work_item_external_id, external_id)
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
    primary key (org_id, connection_id, external_id)
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
    primary key (org_id, connection_id, work_item_external_id, sprint_external_id, ordinal)
);

comment on table sprint_memberships is
    'A work item was in a sprint from added_at until left_at (None: it still is), by its own history. ordinal '
    'counts the stays of one item in one sprint, from 0. added_at is None where history does not say.';

-- Work is looked up by its key, in texts that name it; everything by its project.
create index work_items_by_key on work_items (org_id, key);
create index work_items_by_project on work_items (org_id, connection_id, project_external_id);
create index work_item_keys_by_item on work_item_keys (org_id, connection_id, work_item_external_id);
create index sprint_memberships_by_sprint on sprint_memberships (org_id, connection_id, sprint_external_id);

do $$
declare t text;
begin
    foreach t in array array[
        'work_items', 'work_item_keys', 'work_item_transitions', 'work_item_links', 'comments', 'worklogs',
        'sprints', 'sprint_memberships'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
        execute format('grant insert, update on %I to ovia_ingest', t);
    end loop;
end $$;
