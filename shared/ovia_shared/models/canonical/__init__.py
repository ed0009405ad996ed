"""Our own nouns for what the sources hold: one set for all sources, one struct per canonical table.

The fields of a struct are the columns of its table, in the same order, with two differences. A field that ends in
`_account` names an account by its external id in the source; its column ends in `_identity_id`. And every table has
`org_id`, `connection_id` and `raw_record_id` besides.

`external_id` is the source's own, stable id. Times are aware; what a source leaves out is None, never a guess.
"""
