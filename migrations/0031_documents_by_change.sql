-- depends: 0030_ask_spending
-- transactional: false
-- Which documents changed, without reading all there are.

create index concurrently if not exists documents_by_change on documents (org_id, changed_at);
