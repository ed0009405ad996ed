"""The rules every table must keep, read from the database's own catalogue rather than from the migrations' text."""

import asyncpg

# What yoyo keeps for itself: no tenant's rows, readable to services so that they can report readiness.
NOT_OURS = "'_yoyo_log', '_yoyo_migration', '_yoyo_version', 'yoyo_lock'"

_TABLES = f"""
    select c.* from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname not in ({NOT_OURS})
"""

RULES = {
    "a tenant table has org_id uuid not null": f"""
        select t.relname from ({_TABLES}) t
         where not exists (select from pg_attribute a
                            where a.attrelid = t.oid and a.attname = 'org_id' and a.attnotnull
                              and a.atttypid = 'uuid'::regtype)
    """,
    "row-level security is on and forced": f"""
        select t.relname from ({_TABLES}) t where not (t.relrowsecurity and t.relforcerowsecurity)
    """,
    "a policy for every command and role keeps to current_org(), in reading and in writing": f"""
        select t.relname from ({_TABLES}) t
         where not exists (select from pg_policies p
                            where p.schemaname = 'public' and p.tablename = t.relname and p.cmd = 'ALL'
                              and p.roles = '{{public}}' and p.qual = '(org_id = current_org())'
                              and coalesce(p.with_check, p.qual) = '(org_id = current_org())')
    """,
    "no policy opens a table further": """
        select p.tablename || ': ' || p.policyname from pg_policies p
         where p.permissive = 'PERMISSIVE'
           and (p.qual is distinct from '(org_id = current_org())'
                or coalesce(p.with_check, p.qual) <> '(org_id = current_org())')
           and (p.tablename, p.policyname, p.roles) is distinct from
               ('organisations'::name, 'operator'::name, '{ovia_owner}'::name[])
    """,
    "every index begins with org_id": f"""
        select i.indexrelid::regclass::text
          from pg_index i
          join ({_TABLES}) t on t.oid = i.indrelid
          left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
         where a.attname is distinct from 'org_id'
           -- An approximate index of vectors is a graph: it has no first column, and the policy filters what it finds.
           and not exists (select from pg_class c join pg_am am on am.oid = c.relam
                            where c.oid = i.indexrelid and am.amname = 'hnsw')
    """,
    "every table has a primary key": f"""
        select t.relname from ({_TABLES}) t
         where not exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary)
    """,
    "every foreign key pairs org_id with org_id first": f"""
        select f.conname
          from pg_constraint f
          join ({_TABLES}) t on t.oid = f.conrelid
          join pg_attribute here on here.attrelid = f.conrelid and here.attnum = f.conkey[1]
          join pg_attribute there on there.attrelid = f.confrelid and there.attnum = f.confkey[1]
         where f.contype = 'f' and (here.attname <> 'org_id' or there.attname <> 'org_id')
    """,
    # A partial index serves the check only if all it leaves out are rows whose key is null.
    "every foreign key has an index that leads with its columns": f"""
        select f.conname
          from pg_constraint f
          join ({_TABLES}) t on t.oid = f.conrelid
         where f.contype = 'f'
           and not exists (
               select from pg_index i
                where i.indrelid = f.conrelid and i.indisvalid
                  and (select array_agg(k order by k) from unnest((i.indkey::int2[])[0:cardinality(f.conkey) - 1]) k)
                    = (select array_agg(k order by k) from unnest(f.conkey) k)
                  and (i.indpred is null or exists (
                      select from pg_attribute a
                       where a.attrelid = f.conrelid and a.attnum = any (f.conkey)
                         and pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname))))
    """,
    "every table says what it is": f"""
        select t.relname from ({_TABLES}) t where coalesce(obj_description(t.oid, 'pg_class'), '') = ''
    """,
    "every status of a mapping is explained": """
        select status
          from unnest(array['auto', 'verified', 'conflict', 'rejected', 'ignored']) status
         where coalesce(col_description('mappings'::regclass, (select attnum from pg_attribute
                   where attrelid = 'mappings'::regclass and attname = 'status')), '') not like '%' || status || ':%'
    """,
    "every relation and function belongs to the owner": f"""
        select c.relname from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relname not in ({NOT_OURS})
           and c.relowner <> 'ovia_owner'::regrole
         union all
        select p.proname from pg_proc p
         where p.pronamespace = 'public'::regnamespace and p.proowner <> 'ovia_owner'::regrole
           and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    """,
    "no role of ours stands above row-level security": """
        select rolname from pg_roles
         where rolname ^@ 'ovia_'
           and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
    """,
    "a service's role belongs to ovia_service and to nothing else": """
        select member::regrole || ' in ' || roleid::regrole from pg_auth_members
         where member::regrole::text ^@ 'ovia_' and roleid <> 'ovia_service'::regrole
           -- No service's: it reads the server's statistics, and may be there or not.
           and (member::regrole::text, roleid::regrole::text) <> ('ovia_monitor', 'pg_monitor')
    """,
    "public may do nothing here": f"""
        select c.relname || ': ' || acl.privilege_type
          from pg_class c, aclexplode(c.relacl) acl
         where c.relnamespace = 'public'::regnamespace and acl.grantee = 0 and c.relname not in ({NOT_OURS})
         union all
        select a.attrelid::regclass || '.' || a.attname || ': ' || acl.privilege_type
          from pg_attribute a join ({_TABLES}) t on t.oid = a.attrelid, aclexplode(a.attacl) acl
         where acl.grantee = 0
         union all
        select 'schema public: ' || acl.privilege_type
          from pg_namespace n, aclexplode(n.nspacl) acl
         where n.nspname = 'public' and acl.grantee = 0
         union all
        select 'database: ' || acl.privilege_type
          from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) acl
         where d.datname = current_database() and acl.grantee = 0
    """,
    "a function with its owner's rights is granted by name and fixes its search path": """
        select p.proname from pg_proc p
         where p.pronamespace = 'public'::regnamespace and p.prosecdef
           and (not exists (select from unnest(p.proconfig) c where c ^@ 'search_path=')
                or exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
                            where acl.grantee = 0))
    """,
}


async def broken_rules(dsn: str) -> dict[str, list[str]]:
    """The rules that do not hold in this database, each with what breaks it."""
    connection = await asyncpg.connect(dsn)
    try:
        broken = {rule: [str(row[0]) for row in await connection.fetch(query)] for rule, query in RULES.items()}
    finally:
        await connection.close()
    return {rule: culprits for rule, culprits in broken.items() if culprits}
