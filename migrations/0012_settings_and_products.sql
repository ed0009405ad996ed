-- depends: 0011_connections_api
-- Settings of an organisation, products, and people and teams that are put away without being lost.

create table organisation_settings (
    org_id      uuid not null references organisations,
    id          uuid not null,
    name        text not null check (length(name) between 1 and 100),
    value       jsonb not null,
    actor       text not null,
    known_from  timestamptz not null default now(),
    known_to    timestamptz not null default 'infinity',
    primary key (org_id, id),
    check (known_to > known_from)
);

create unique index organisation_settings_current on organisation_settings (org_id, name) where known_to = 'infinity';
create index organisation_settings_by_name on organisation_settings (org_id, name, known_from);

comment on table organisation_settings is
    'What an organisation chose, by name (matching, classification, …); without a row the default holds. A change '
    'closes the row and adds another, so what was in force at any moment can be read.';
comment on column organisation_settings.actor is 'Who chose it.';

alter table people
    add column deleted_at timestamptz,
    add column merged_into_id uuid,
    add column version integer not null default 1,
    add constraint people_merged_into foreign key (org_id, merged_into_id) references people (org_id, id),
    add constraint people_not_merged_into_itself check (merged_into_id <> id),
    add constraint people_merged_are_deleted check (merged_into_id is null or deleted_at is not null);

create index people_by_merged_into on people (org_id, merged_into_id) where merged_into_id is not null;

comment on column people.deleted_at is 'When somebody deleted this person; the row stays for history, and no list shows it.';
comment on column people.merged_into_id is 'Who this person turned out to be. Mappings were moved there; undoing brings them back.';
comment on column people.version is 'Counts the changes people made; a change names the version it was made to.';

alter table teams
    add column deleted_at timestamptz,
    add column version integer not null default 1;

comment on column teams.deleted_at is 'When somebody deleted this team; past memberships stay for history.';
comment on column teams.version is 'Counts the changes people made; a change names the version it was made to.';

create table products (
    org_id       uuid not null references organisations,
    id           uuid not null,
    name         text not null check (length(name) between 1 and 200),
    description  text check (length(description) <= 2000),
    version      integer not null default 1,
    created_at   timestamptz not null default now(),
    deleted_at   timestamptz,
    primary key (org_id, id)
);

create unique index products_by_name on products (org_id, name) where deleted_at is null;

comment on table products is 'A named set of projects and spaces that people want numbers for.';
comment on column products.deleted_at is 'When somebody deleted this product; receipts that name it stay readable.';
comment on column products.version is 'Counts the changes people made; a change names the version it was made to.';

create table product_projects (
    org_id               uuid not null,
    product_id           uuid not null,
    connection_id        uuid not null,
    project_external_id  text not null,
    added_at             timestamptz not null default now(),
    primary key (org_id, product_id, connection_id, project_external_id),
    foreign key (org_id, product_id) references products (org_id, id),
    foreign key (org_id, connection_id, project_external_id) references projects (org_id, connection_id, external_id)
);

create index product_projects_by_project on product_projects (org_id, connection_id, project_external_id);

comment on table product_projects is 'Which projects and spaces make a product. One may belong to several.';

do $$
declare t text;
begin
    foreach t in array array['organisation_settings', 'products', 'product_projects'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select on %I to ovia_service', t);
    end loop;
end $$;

grant insert, update on organisation_settings to ovia_api, ovia_metrics;
grant insert, update on products to ovia_api;
grant insert, update, delete on product_projects to ovia_api;
-- Settings are changed by the metrics service too, and who changed them is told.
