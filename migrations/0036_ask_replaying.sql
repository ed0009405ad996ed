-- depends: 0035_restricted_texts
-- What an answer stated before a model worded it, so that it can be told whether the same would be stated again.

alter table ask_answers add column stated jsonb;

comment on column ask_answers.stated is
    'The statements before a model worded them, where one did: the wording is compared with nothing, these are.';
