-- depends: 0031_documents_by_change
-- What narrows a search: chunks by project, by date and by who is in them.

create index ask_chunks_by_project on ask_chunks (org_id, connection_id, project_external_id);
create index ask_chunks_by_update on ask_chunks (org_id, updated_at);

create table ask_chunk_identities (
    org_id       uuid not null references organisations,
    identity_id  uuid not null,
    chunk_id     bigint not null,
    primary key (org_id, identity_id, chunk_id),
    foreign key (org_id, chunk_id) references ask_chunks (org_id, id) on delete cascade
);

create index ask_chunk_identities_by_chunk on ask_chunk_identities (org_id, chunk_id);

comment on table ask_chunk_identities is
    'ask_chunks.identity_ids one by one, kept by triggers: under row-level security no index of an array serves, because '
    'its operators are not leakproof.';

create function keep_ask_chunk_identities() returns trigger
    language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        delete from ask_chunk_identities i using changed c
         where i.org_id = c.org_id and i.chunk_id = c.id and i.identity_id <> all(c.identity_ids);
    end if;
    insert into ask_chunk_identities (org_id, identity_id, chunk_id)
    select distinct c.org_id, i.id, c.id from changed c cross join unnest(c.identity_ids) i (id)
    on conflict do nothing;
    return null;
end $$;

create trigger ask_chunk_identities_of_new after insert on ask_chunks
    referencing new table as changed for each statement execute function keep_ask_chunk_identities();
create trigger ask_chunk_identities_of_changed after update on ask_chunks
    referencing new table as changed for each statement execute function keep_ask_chunk_identities();

alter table ask_chunk_identities enable row level security;
alter table ask_chunk_identities force row level security;
create policy tenant on ask_chunk_identities using (org_id = current_org()) with check (org_id = current_org());
grant select, insert, delete on ask_chunk_identities to ovia_rag;
