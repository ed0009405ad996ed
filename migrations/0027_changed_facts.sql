-- depends: 0026_grafana_access
-- When facts last changed: a run that writes none must not make forgotten what the one before it wrote.

alter table derivations add column changed_at timestamptz;

comment on column derivations.changed_at is 'When a run last added or closed a fact of the family; null: none ever did.';
