-- depends: 0013_matching
-- People, teams and products as they are looked after by hand, and what each person did, newest first.

-- A team's name may be given again once the team that had it is gone.
alter table teams drop constraint teams_org_id_parent_id_name_key;
create unique index teams_by_name on teams (org_id, parent_id, name) nulls not distinct where deleted_at is null;
create index teams_in_order on teams (org_id, name collate "C", id) where deleted_at is null;
create index teams_by_parent on teams (org_id, parent_id) where parent_id is not null;

create index products_in_order on products (org_id, name collate "C", id) where deleted_at is null;

-- Lists never show people who are gone.
drop index people_by_name;
create index people_by_name on people (org_id, display_name collate "C", id) where deleted_at is null;
create index people_by_status on people (org_id, status, display_name collate "C", id) where deleted_at is null;

-- The accounts in use of a page of people are counted in this index alone.
create index mappings_in_use on mappings (org_id, person_id)
    where known_to = 'infinity' and valid_to is null and status in ('auto', 'verified');

create table people_counts (
    org_id  uuid not null references organisations,
    id      bigint generated always as identity,
    status  text not null,
    change  bigint not null,
    primary key (org_id, id)
);

comment on table people_counts is
    'Changes to the number of people who are not deleted, per status. Their sum is the exact count at any moment, as '
    'with mapping_counts; compact_people_counts folds them.';

create function count_people() returns trigger
    language plpgsql as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        insert into people_counts (org_id, status, change)
        select o.org_id, o.status, -count(*) from old_rows o where o.deleted_at is null group by o.org_id, o.status;
    end if;
    if tg_op in ('UPDATE', 'INSERT') then
        insert into people_counts (org_id, status, change)
        select n.org_id, n.status, count(*) from new_rows n where n.deleted_at is null group by n.org_id, n.status;
    end if;
    return null;
end $$;

create trigger count_inserted after insert on people
    referencing new table as new_rows for each statement execute function count_people();
create trigger count_updated after update on people
    referencing old table as old_rows new table as new_rows for each statement execute function count_people();
create trigger count_deleted after delete on people
    referencing old table as old_rows for each statement execute function count_people();

insert into people_counts (org_id, status, change)
select org_id, status, count(*) from people where deleted_at is null group by org_id, status;

create function compact_people_counts(wanted_org uuid) returns void
    language sql
    begin atomic
        with folded as (
            delete from people_counts where org_id = wanted_org returning status, change
        )
        insert into people_counts (org_id, status, change)
        select wanted_org, status, sum(change) from folded group by status having sum(change) <> 0;
    end;

alter table people_counts enable row level security;
alter table people_counts force row level security;
create policy tenant on people_counts using (org_id = current_org()) with check (org_id = current_org());
grant select on people_counts to ovia_service;
grant insert, delete on people_counts to ovia_api, ovia_ingest;

-- A person's timeline takes the newest of each kind from each account: every index is in order of time.
drop index work_items_by_creator;
create index work_items_by_creator on work_items (org_id, creator_identity_id, created_at)
    where creator_identity_id is not null;
drop index work_items_by_reporter;
create index work_items_by_reporter on work_items (org_id, reporter_identity_id, created_at)
    where reporter_identity_id is not null;
drop index work_item_transitions_by_actor;
create index work_item_transitions_by_actor on work_item_transitions (org_id, actor_identity_id, occurred_at)
    where actor_identity_id is not null;
drop index comments_by_author;
create index comments_by_author on comments (org_id, author_identity_id, created_at)
    where author_identity_id is not null;
drop index worklogs_by_author;
create index worklogs_by_author on worklogs (org_id, author_identity_id, started_at)
    where author_identity_id is not null;
drop index merge_requests_by_author;
create index merge_requests_by_author on merge_requests (org_id, author_identity_id, created_at)
    where author_identity_id is not null;
drop index merge_requests_by_merged_by;
create index merge_requests_by_merged_by on merge_requests (org_id, merged_by_identity_id, merged_at)
    where merged_by_identity_id is not null;
drop index merge_requests_by_closed_by;
create index merge_requests_by_closed_by on merge_requests (org_id, closed_by_identity_id, closed_at)
    where closed_by_identity_id is not null;
drop index merge_request_events_by_actor;
create index merge_request_events_by_actor on merge_request_events (org_id, actor_identity_id, occurred_at)
    where actor_identity_id is not null;
drop index pipelines_by_actor;
create index pipelines_by_actor on pipelines (org_id, actor_identity_id, created_at)
    where actor_identity_id is not null;
drop index deployments_by_actor;
create index deployments_by_actor on deployments (org_id, actor_identity_id, created_at)
    where actor_identity_id is not null;
drop index document_versions_by_author;
create index document_versions_by_author on document_versions (org_id, author_identity_id, created_at)
    where author_identity_id is not null;
