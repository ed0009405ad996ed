-- depends: 0004_commits
-- People are searched as identities are: by the beginning of any word, through a btree that begins with org_id.

create table person_words (
    org_id     uuid not null,
    word       text collate "C" not null,
    person_id  uuid not null,
    primary key (org_id, word, person_id)
);

comment on table person_words is
    'Lower-case words of name and primary e-mail of each person. Kept by the triggers below in every case, so, as with '
    'identity_words, a foreign key would only cost.';

create function index_person_words() returns trigger
    language plpgsql as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        delete from person_words w
         using old_rows o, words_of(o.display_name, o.primary_email) as old_word
         where w.org_id = o.org_id and w.word = old_word and w.person_id = o.id;
    end if;
    if tg_op in ('INSERT', 'UPDATE') then
        insert into person_words (org_id, word, person_id)
        select n.org_id, new_word, n.id
          from new_rows n, words_of(n.display_name, n.primary_email) as new_word;
    end if;
    return null;
end $$;

create trigger words_of_inserted after insert on people
    referencing new table as new_rows for each statement execute function index_person_words();
create trigger words_of_updated after update on people
    referencing old table as old_rows new table as new_rows for each statement execute function index_person_words();
create trigger words_of_deleted after delete on people
    referencing old table as old_rows for each statement execute function index_person_words();

alter table person_words enable row level security;
alter table person_words force row level security;
create policy tenant on person_words using (org_id = current_org()) with check (org_id = current_org());

grant select on person_words to ovia_service;
grant insert, delete on person_words to ovia_api, ovia_ingest;
