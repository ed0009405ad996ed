-- depends: 0028_ask_index
-- What Ask was asked and what it answered, kept so that an answer can be read, judged and made again.

create table ask_answers (
    org_id         uuid not null references organisations,
    id             uuid not null,
    token_id       uuid not null,
    caller         text not null,
    query          text not null check (length(query) between 1 and 4000),
    filters        jsonb not null,
    language       text not null check (language in ('en', 'ru')),
    intent         text not null,
    plan           jsonb not null,
    outcome        text not null check (outcome in ('answered', 'asked_back', 'refused')),
    confidence     text check (confidence in ('high', 'medium', 'low')),
    statements     jsonb not null,
    citations      jsonb not null,
    assumptions    jsonb not null,
    looked_at      jsonb not null,
    follow_ups     jsonb not null,
    notes          jsonb not null,
    usage          jsonb not null,
    tokens         bigint not null,
    as_of          timestamptz not null,
    index_version  bigint not null,
    milliseconds   integer not null,
    created_at     timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, token_id) references tokens (org_id, id)
);

create index ask_answers_of_token on ask_answers (org_id, token_id, created_at desc, id desc);
create index ask_answers_by_age on ask_answers (org_id, created_at desc, id desc);

comment on table ask_answers is
    'A question, the plan it was understood as, and the answer: statements, and the citations each of them rests on. '
    'as_of is when facts and people are believed, index_version what passages were found in: the same two give the same '
    'answer. usage says which providers were asked for it, and tokens is the sum of theirs.';

create table ask_feedback (
    org_id      uuid not null references organisations,
    answer_id   uuid not null,
    token_id    uuid not null,
    caller      text not null,
    helpful     boolean not null,
    comment     text check (length(comment) between 1 and 4000),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (org_id, answer_id, token_id),
    foreign key (org_id, answer_id) references ask_answers (org_id, id) on delete cascade,
    foreign key (org_id, token_id) references tokens (org_id, id)
);

create index ask_feedback_by_token on ask_feedback (org_id, token_id);

comment on table ask_feedback is 'What somebody thinks of an answer: one opinion each, the last one said.';

do $$
declare t text;
begin
    foreach t in array array['ask_answers', 'ask_feedback'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
    end loop;
end $$;

-- An answer is never altered; an opinion may be.
grant select, insert on ask_answers to ovia_rag;
grant select, insert, update on ask_feedback to ovia_rag;

-- Answers replay receipts, tell how far data can be trusted, and honour Idempotency-Key, as numbers over HTTP do.
grant insert, update on receipt_replays to ovia_rag;
grant select (org_id, connection_id, stream, created_at, resolved_at) on dead_letters to ovia_rag;
grant select, insert, update, delete on idempotency_keys to ovia_rag;
