-- depends: 0017_receipts
-- What deriving keeps in mind between its runs, why facts changed, and what people say of deployments and incidents.

create table production_deployments (
    org_id               uuid not null references organisations,
    id                   uuid not null,
    connection_id        uuid not null,
    source               text not null check (source in ('environments', 'releases', 'tags')),
    external_id          text not null,
    project_external_id  text not null,
    environment          text not null,
    sha                  text,
    at                   timestamptz,
    after_at             timestamptz,
    after_id             text,
    until_at             timestamptz,
    until_id             text,
    ships                boolean not null,
    primary key (org_id, id),
    check ((after_at is null) = (after_id is null)),
    check ((until_at is null) = (until_id is null)),
    check (until_at is not null or not ships)
);

create index production_deployments_by_project
    on production_deployments (org_id, connection_id, project_external_id, environment, until_at);
create index production_deployments_by_sha
    on production_deployments (org_id, connection_id, project_external_id, sha);
create index production_deployments_by_end on production_deployments (org_id, connection_id, until_id)
    where until_id is not null;

comment on table production_deployments is
    'Deployments to production as facts of them were last derived: which merge requests each one brought there first in '
    'its environment. Made anew by deriving from scratch; only what changed in it is looked at otherwise.';
comment on column production_deployments.id is 'MD5 of connection, source and external_id: the same whenever it is made anew.';
comment on column production_deployments.environment is 'Empty for releases and tags, which are of none.';
comment on column production_deployments.at is 'Null for a tag without a date whose commit no merge request has.';
comment on column production_deployments.after_at is
    'Merge requests of a project stand in the order of merged_at, length of external_id, external_id. What was there '
    'before this deployment ends at (after_at, after_id); null: nothing was.';
comment on column production_deployments.until_at is
    'It contains everything up to (until_at, until_id), which is the one it deployed the commit of; null: no such one.';

create table production_fixes (
    org_id                     uuid not null references organisations,
    connection_id              uuid not null,
    merge_request_external_id  text not null,
    incident_connection_id     uuid not null,
    incident_external_id       text not null,
    project_external_id        text not null,
    primary key (org_id, connection_id, merge_request_external_id, incident_connection_id, incident_external_id)
);

create index production_fixes_by_incident
    on production_fixes (org_id, incident_connection_id, incident_external_id);
create index production_fixes_by_project on production_fixes (org_id, connection_id, project_external_id);

comment on table production_fixes is
    'Merged requests that were fixes when facts were last derived, with each incident that they name; the incident of one '
    'that names none is empty. Which projects are touched by a change of either is told from here.';

create table changes_due (
    org_id         uuid not null references organisations,
    connection_id  uuid not null,
    external_id    text not null,
    primary key (org_id, connection_id, external_id)
);

comment on table changes_due is
    'Merge requests that reach production with another deployment than before, until the facts of them are derived.';

create table definition_changes (
    org_id   uuid not null references organisations,
    id       uuid not null,
    family   text not null check (length(family) between 1 and 100),
    moment   timestamptz not null,
    reason   text not null check (reason in ('version', 'settings')),
    primary key (org_id, id)
);

create index definition_changes_by_moment on definition_changes (org_id, moment);

comment on table definition_changes is
    'Facts of this family whose known_from or known_to is moment changed because they are derived otherwise since: by a '
    'newer version of the derivation, or with other settings. Nothing needs to have happened in a source.';

create table deployment_corrections (
    org_id         uuid not null references organisations,
    id             uuid not null,
    deployment_id  uuid not null,
    reason         text check (length(reason) between 1 and 1000),
    said_by        text not null,
    withdrawn_by   text,
    known_from     timestamptz not null,
    known_to       timestamptz not null default 'infinity',
    changed_at     timestamptz not null default now(),
    primary key (org_id, id),
    check (known_to > known_from)
);

create unique index deployment_corrections_in_force on deployment_corrections (org_id, deployment_id)
    where known_to = 'infinity';
create index deployment_corrections_by_deployment on deployment_corrections (org_id, deployment_id, known_from);
create index deployment_corrections_by_change on deployment_corrections (org_id, changed_at);

comment on table deployment_corrections is
    'What somebody says a deployment caused: the incidents in corrected_incidents, and no others; without one: nothing. '
    'It takes the place of what is derived. There is no foreign key: a deployment that is lost may be found again.';
comment on column deployment_corrections.withdrawn_by is 'Who took it back; null where another took its place.';

create table corrected_incidents (
    org_id         uuid not null references organisations,
    correction_id  uuid not null,
    connection_id  uuid not null,
    external_id    text not null check (length(external_id) between 1 and 512),
    primary key (org_id, correction_id, connection_id, external_id),
    foreign key (org_id, correction_id) references deployment_corrections (org_id, id)
);

create index corrected_incidents_by_item on corrected_incidents (org_id, connection_id, external_id);

comment on table corrected_incidents is 'The work items that a correction says a deployment caused.';

-- Facts of deployments are derived by project.
create index facts_of_deployments on facts (org_id, connection_id, project_external_id)
    where known_to = 'infinity' and kind in ('deployment.finished', 'deployment.recovered');
create index identities_by_update on identities (org_id, updated_at);
create index merge_requests_by_merge on merge_requests (org_id, connection_id, project_external_id, merged_at)
    where merged_at is not null;
create index releases_by_change on releases (org_id, changed_at);
create index work_item_keys_by_change on work_item_keys (org_id, changed_at);
create index work_item_keys_by_key on work_item_keys (org_id, key);
create index field_definitions_by_change on field_definitions (org_id, changed_at);

do $$
declare t text;
begin
    foreach t in array array['production_deployments', 'production_fixes', 'changes_due', 'definition_changes',
                             'deployment_corrections', 'corrected_incidents'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
    end loop;
end $$;

grant insert, delete on production_deployments, production_fixes, changes_due to ovia_metrics;
grant insert on definition_changes, deployment_corrections, corrected_incidents to ovia_metrics;
grant update (known_to, withdrawn_by, changed_at) on deployment_corrections to ovia_metrics;
