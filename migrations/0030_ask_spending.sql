-- depends: 0029_ask_sessions
-- What providers of vectors and of text were used for, so that a day's budget holds.

create table ask_spending (
    org_id             uuid not null references organisations,
    day                date not null,
    provider           text not null check (length(provider) between 1 and 100),
    model              text not null check (length(model) <= 200),
    requests           bigint not null default 0 check (requests >= 0),
    prompt_tokens      bigint not null default 0 check (prompt_tokens >= 0),
    completion_tokens  bigint not null default 0 check (completion_tokens >= 0),
    cost               numeric(20, 10) not null default 0 check (cost >= 0),
    primary key (org_id, day, provider, model)
);

comment on table ask_spending is
    'Requests to providers by day (of UTC), with what they read and wrote. What a request may come to is put down before it is '
    'made and mended after it: one that ended with its process stays as dear as it could have become. cost is in whichever '
    'currency the organisation gave prices in.';

alter table ask_spending enable row level security;
alter table ask_spending force row level security;
create policy tenant on ask_spending using (org_id = current_org()) with check (org_id = current_org());
grant select, insert, update, delete on ask_spending to ovia_rag;
