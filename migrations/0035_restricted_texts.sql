-- depends: 0034_erasing
-- What the sources show to some people only, and who of Ask's callers may see it.

alter table documents add column restricted boolean not null default false;
alter table work_items add column restricted boolean not null default false;
alter table comments add column restricted boolean not null default false;
alter table ask_chunks add column restricted boolean not null default false;
alter table ask_answers add column restricted boolean not null default false;

comment on column documents.restricted is 'The source shows it to some people only: by itself, or by a page above it.';
comment on column work_items.restricted is
    'The source shows it to some people only: it has a security level (Jira) or is confidential (GitLab).';
comment on column comments.restricted is
    'The source shows it to fewer people than what it is about: by a role or a group (Jira), or as internal (GitLab).';
comment on column ask_chunks.restricted is 'It, or the whole that it is a piece of, is restricted at its source.';
comment on column ask_answers.restricted is 'It cited what was restricted when it was made. See ask_withholds for now.';

create index ask_chunks_restricted on ask_chunks (org_id) where restricted;

create function sees_restricted() returns boolean
    language sql stable parallel safe
    return current_setting('ovia.sees_restricted', true) is not distinct from 'on';

comment on function sees_restricted() is
    'Whether this transaction may see texts that are restricted at their sources (set local ovia.sees_restricted): no, '
    'unless somebody said so.';

-- Of the service only: what keeps the tables in order runs as their owner, and has to reach every row.
create policy restricted on ask_chunks as restrictive for select to ovia_rag
    using (not restricted or sees_restricted());

create function hides_restricted() returns boolean
    language sql stable security definer set search_path = public, pg_temp
    as $$
    select not sees_restricted()
           and exists (select from ask_chunks c where c.org_id = current_org() and c.restricted)
    $$;

comment on function hides_restricted() is 'Whether there are chunks that this transaction does not see.';

create function ask_withholds(cited jsonb, restricted_then boolean) returns boolean
    language sql stable security definer set search_path = public, pg_temp
    as $$
    select coalesce(bool_or(
               case source.kind
                   when 'document' then coalesce(
                       (select d.restricted from documents d
                         where d.org_id = current_org() and d.connection_id = source.connection_id
                           and d.external_id = source.external_id), restricted_then)
                   when 'work_item' then coalesce(
                       (select w.restricted from work_items w
                         where w.org_id = current_org() and w.connection_id = source.connection_id
                           and w.external_id = source.external_id), restricted_then)
                   else false end
               or source.part = 'comment' and coalesce(
                       (select m.restricted from comments m
                         where m.org_id = current_org() and m.connection_id = source.connection_id
                           and m.subject_kind = source.kind and m.subject_external_id = source.external_id
                           and m.external_id = source.part_external_id), restricted_then)
               or exists (select from work_items w
                           where w.org_id = current_org() and w.key = one.value #>> '{row,key}' and w.restricted)),
           false)
      from jsonb_array_elements(cited) one
     cross join lateral (
           select one.value #>> '{source,kind}' as kind, (one.value #>> '{source,connection_id}')::uuid as connection_id,
                  one.value #>> '{source,external_id}' as external_id, one.value #>> '{source,part}' as part,
                  one.value #>> '{source,part_external_id}' as part_external_id) source
    $$;

comment on function ask_withholds(jsonb, boolean) is
    'Whether these citations of an answer are of what is restricted at its source now or, where that is gone, was when '
    'the answer was made.';

revoke all on function hides_restricted(), ask_withholds(jsonb, boolean) from public;
grant execute on function hides_restricted(), ask_withholds(jsonb, boolean) to ovia_rag;

-- What becomes restricted is out of sight in the same moment; what is no longer so comes back with the next page of the index.
create function hide_restricted_chunks() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    -- One after another with the pages of the index: one that read the row as it was must not have the last word.
    perform pg_advisory_xact_lock(hashtextextended('ask page ' || new.org_id, 0));
    if tg_table_name = 'comments' then
        update ask_chunks set restricted = true
         where org_id = new.org_id and source_kind = new.subject_kind and connection_id = new.connection_id
           and external_id = new.subject_external_id and part = 'comment' and part_external_id = new.external_id;
    else
        update ask_chunks set restricted = true
         where org_id = new.org_id and source_kind = tg_argv[0] and connection_id = new.connection_id
           and external_id = new.external_id;
    end if;
    return null;
end $$;

revoke all on function hide_restricted_chunks() from public;

create trigger restricted_chunks_are_hidden after update on documents
    for each row when (new.restricted and not old.restricted) execute function hide_restricted_chunks('document');
create trigger restricted_chunks_are_hidden after update on work_items
    for each row when (new.restricted and not old.restricted) execute function hide_restricted_chunks('work_item');
create trigger restricted_chunks_are_hidden after update on comments
    for each row when (new.restricted and not old.restricted) execute function hide_restricted_chunks();
