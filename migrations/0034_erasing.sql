-- depends: 0033_account
-- Somebody who is erased stays as a number, and nothing that is read later gives them a name again.
alter table people add column erased_at timestamptz;
alter table identities add column erased_at timestamptz;

comment on column people.erased_at is 'When name and e-mail were replaced for good.';
comment on column identities.erased_at is 'When name, login and e-mail were taken out for good: reading the source does not bring them back.';

create function keep_person_erased() returns trigger
    language plpgsql as $$
begin
    new.display_name := old.display_name;
    new.primary_email := null;
    new.erased_at := old.erased_at;
    return new;
end $$;

create function keep_identity_erased() returns trigger
    language plpgsql as $$
begin
    new.external_id := old.external_id;
    new.username := null;
    new.email := null;
    new.display_name := null;
    new.attributes := old.attributes;
    new.service_account_reason := null;
    new.service_account_trace := null;
    new.erased_at := old.erased_at;
    return new;
end $$;

create trigger stays_erased before update on people
    for each row when (old.erased_at is not null) execute function keep_person_erased();
create trigger stays_erased before update on identities
    for each row when (old.erased_at is not null) execute function keep_identity_erased();

-- Decisions stay as they were made, but for the words that named somebody.
create function refuse_change_but_erasing() returns trigger
    language plpgsql as $$
begin
    if tg_op = 'UPDATE' and current_user = 'ovia_owner' and current_setting('ovia.erasing', true) = tg_table_name then
        return null;
    end if;
    raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
        using errcode = 'insufficient_privilege';
end $$;

comment on function refuse_change_but_erasing() is
    'Trigger body of an append-only table in which the owner may take out the words that named somebody who is erased.';

create or replace trigger append_only before update or delete or truncate on identity_events
    for each statement execute function refuse_change_but_erasing();

create function without_names(image jsonb, whose uuid[], pseudonym text) returns jsonb
    language sql immutable
    begin atomic
        select case when image ? 'people' then jsonb_set(image, '{people}', coalesce((
            select jsonb_agg(
                       case when (p ->> 'id')::uuid = any (whose)
                            then p || jsonb_build_object('display_name', pseudonym, 'primary_email', null) else p end
                       order by place)
              from jsonb_array_elements(image -> 'people') with ordinality as of_it (p, place)), '[]')) else image end;
    end;

create function without_words(trace jsonb, words text[]) returns jsonb
    language sql immutable
    begin atomic
        select coalesce(jsonb_agg(
                   case when exists (select from unnest(words) word
                                      where strpos(lower(step ->> 'evidence'), word) > 0)
                        then step || '{"evidence": "erased"}' else step end
                   order by place), '[]')
          from jsonb_array_elements(trace) with ordinality as of_it (step, place);
    end;

create function erase_person(whose uuid[], accounts uuid[], pseudonym text)
    returns table (mappings bigint, others bigint, events bigint, views bigint)
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    org constant uuid := current_org();
    words text[];
    near uuid[];
begin
    -- What could name them in a sentence. Shorter words occur in too many others.
    select coalesce(array_agg(distinct lower(left(word, 79))), '{}') into words
      from (select unnest(array[i.display_name, i.username, i.email]) as word
              from identities i where i.org_id = org and i.id = any (accounts)
             union all
            select jsonb_array_elements_text(i.attributes -> 'previous_names')
              from identities i
             where i.org_id = org and i.id = any (accounts) and jsonb_typeof(i.attributes -> 'previous_names') = 'array'
             union all
            select unnest(array[p.display_name, p.primary_email])
              from people p where p.org_id = org and p.id = any (whose)
             union all
            select unnest(array[image ->> 'display_name', image ->> 'primary_email'])
              from identity_events e,
                   jsonb_array_elements(coalesce(e.before -> 'people', '[]') || coalesce(e.after -> 'people', '[]')) image
             where e.org_id = org and e.person_id = any (whose)) known
     where length(word) >= 3 and word <> pseudonym;
    -- Matching compares accounts that share a key, and names both of them in its reasons.
    select coalesce(array_agg(distinct o.identity_id), '{}') into near
      from identity_keys k join identity_keys o on o.org_id = org and o.key = k.key
     where k.org_id = org and k.identity_id = any (accounts) and o.identity_id <> all (accounts);

    update mappings m
       set rule_trace = (select coalesce(jsonb_agg(step || '{"evidence": "erased"}' order by place), '[]')
                           from jsonb_array_elements(m.rule_trace) with ordinality as of_it (step, place))
     where m.org_id = org and m.identity_id = any (accounts);
    get diagnostics mappings = row_count;
    update mappings m set rule_trace = without_words(m.rule_trace, words)
     where m.org_id = org and (m.identity_id = any (near) or m.person_id = any (whose)) and m.identity_id <> all (accounts)
       and m.rule_trace <> without_words(m.rule_trace, words);
    get diagnostics others = row_count;

    perform set_config('ovia.erasing', 'identity_events', true);
    update identity_events e
       set reason = case when e.reason is null then null else 'erased' end,
           before = without_names(e.before, whose, pseudonym),
           after = without_names(e.after, whose, pseudonym)
     where e.org_id = org and (e.person_id = any (whose) or e.identity_id = any (accounts));
    get diagnostics events = row_count;
    -- The same reason stands with everybody else whom one decision was about.
    update identity_events e set reason = 'erased'
     where e.org_id = org and e.reason <> 'erased'
       and e.decision_id in (select d.decision_id from identity_events d
                              where d.org_id = org and (d.person_id = any (whose) or d.identity_id = any (accounts)))
       and exists (select from unnest(words) word where strpos(lower(e.reason), word) > 0);
    perform set_config('ovia.erasing', '', true);

    update identities i
       set external_id = case when i.source = 'hr' then 'erased ' || i.id else i.external_id end,
           username = null, email = null, display_name = null, attributes = '{}',
           service_account_reason = null, service_account_trace = null, erased_at = now(), updated_at = now()
     where i.org_id = org and i.id = any (accounts);
    delete from identity_keys k where k.org_id = org and k.identity_id = any (accounts);
    delete from matching_queue q where q.org_id = org and q.identity_id = any (accounts);
    update people p
       set display_name = pseudonym, primary_email = null, erased_at = now(), updated_at = now()
     where p.org_id = org and p.id = any (whose);
    delete from person_views v where v.org_id = org and v.person_id = any (whose);
    get diagnostics views = row_count;
    return next;
end $$;

comment on function erase_person(uuid[], uuid[], text) is
    'Replaces what names these rows of one person and their accounts, for good: in the rows, in the reasons of mappings and in the '
    'log of decisions. Numbers stay, since ids do. The caller has decided that it may be, and locked them.';

do $$
begin
    revoke all on function erase_person(uuid[], uuid[], text) from public;
    grant execute on function erase_person(uuid[], uuid[], text) to ovia_api;
end $$;
