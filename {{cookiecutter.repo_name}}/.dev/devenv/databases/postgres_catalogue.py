# Owner: the template. Do not edit: updates replace this file.
"""What PostgreSQL's own tables say of a schema, as rows of kind, name and facts. Members of extensions are left out."""

from __future__ import annotations

_BARE = "CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END"
_OURS = r"n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'"


def _no_member(catalogue: str, oid: str) -> str:
    return (
        f"NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalogue}'::regclass AND e.objid = {oid}"
        " AND e.deptype = 'e')"
    )


_RELATIONS = f"""
SELECT c.*, {_BARE} || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_OURS} AND {_no_member("pg_class", "c.oid")}"""

_TABLES = """
SELECT 'table', name, json_build_object(
  'type', CASE relpersistence WHEN 'u' THEN 'unlogged ' ELSE '' END
    || CASE relkind WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
  'partition', pg_get_expr(relpartbound, oid), 'partition key', pg_get_partkeydef(oid),
  'parents', (SELECT json_agg(inhparent::regclass::text ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = r.oid),
  'row security', relrowsecurity, 'forced row security', relforcerowsecurity,
  'columns', (SELECT coalesce(json_agg(attname ORDER BY attnum), '[]') FROM pg_attribute
    WHERE attrelid = r.oid AND attnum > 0 AND NOT attisdropped))
FROM r WHERE relkind IN ('r', 'p', 'f')"""

_COLUMNS = """
SELECT 'column', name || '.' || a.attname, json_build_object('table', name,
  'type', format_type(a.atttypid, a.atttypmod), 'nullable', NOT a.attnotnull,
  'default', pg_get_expr(d.adbin, d.adrelid),
  'collation', CASE WHEN a.attcollation <> t.typcollation THEN l.collname END,
  'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
  'generation', CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END)
FROM r JOIN pg_attribute a ON a.attrelid = r.oid JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped"""

_INDEXES = """
SELECT 'index', r.name || '.' || i.relname, json_build_object('table', r.name, 'valid', x.indisvalid,
  'definition', replace(pg_get_indexdef(i.oid), ' INDEX ' || quote_ident(i.relname) || ' ON ', ' INDEX ON '))
FROM r JOIN pg_index x ON x.indrelid = r.oid JOIN pg_class i ON i.oid = x.indexrelid
WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))"""

_CONSTRAINTS = """
SELECT 'constraint', r.name || '.' || k.conname,
  json_build_object('table', r.name, 'definition', pg_get_constraintdef(k.oid))
FROM r JOIN pg_constraint k ON k.conrelid = r.oid WHERE k.contype IN ('c', 'f', 'p', 'u', 'x')"""

_SEQUENCES = """
SELECT 'sequence', r.name, json_build_object('table', o.name, 'type', format_type(s.seqtypid, NULL),
  'start', s.seqstart, 'increment', s.seqincrement, 'minimum', s.seqmin, 'maximum', s.seqmax, 'cache', s.seqcache,
  'cycle', s.seqcycle, 'owner', o.name || '.' || a.attname)
FROM r JOIN pg_sequence s ON s.seqrelid = r.oid
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i')
  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
LEFT JOIN r o ON o.oid = d.refobjid LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"""

_VIEWS = """
SELECT CASE relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, name,
  json_build_object('definition', pg_get_viewdef(oid, true), 'options', to_json(reloptions))
FROM r WHERE relkind IN ('v', 'm')"""

_TYPES = f"""
SELECT CASE typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'type' END, {_BARE} || typname,
  CASE typtype
  WHEN 'e' THEN json_build_object('values',
    (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
  WHEN 'd' THEN json_build_object('type', format_type(typbasetype, typtypmod), 'nullable', NOT typnotnull,
    'default', typdefault, 'checks',
    (SELECT json_agg(pg_get_constraintdef(k.oid) ORDER BY pg_get_constraintdef(k.oid))
     FROM pg_constraint k WHERE contypid = t.oid AND contype = 'c'))
  ELSE json_build_object('attributes', (SELECT json_agg(attname || ' ' || format_type(atttypid, atttypmod)
    ORDER BY attnum) FROM pg_attribute WHERE attrelid = typrelid AND attnum > 0 AND NOT attisdropped)) END
FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace LEFT JOIN pg_class c ON c.oid = typrelid
WHERE (typtype IN ('e', 'd') OR typtype = 'c' AND c.relkind = 'c') AND {_OURS} AND {_no_member("pg_type", "t.oid")}"""

_FUNCTIONS = f"""
SELECT CASE prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
  {_BARE} || proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
  json_build_object('definition', CASE WHEN prokind = 'a'
    THEN (SELECT concat_ws(', ', aggtransfn, aggfinalfn, format_type(aggtranstype, NULL), agginitval)
      FROM pg_aggregate WHERE aggfnoid = p.oid)
    ELSE pg_get_functiondef(p.oid) END)
FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE {_OURS} AND {_no_member("pg_proc", "p.oid")}"""

_TRIGGERS = """
SELECT 'trigger', name || '.' || tgname, json_build_object('table', name, 'definition', pg_get_triggerdef(t.oid, true),
  'state', CASE tgenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END)
FROM r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT tgisinternal"""

_RULES = """
SELECT 'rule', name || '.' || rulename, json_build_object('table', name, 'definition', pg_get_ruledef(u.oid, true))
FROM r JOIN pg_rewrite u ON u.ev_class = r.oid WHERE rulename <> '_RETURN'"""

_POLICIES = """
SELECT 'policy', name || '.' || polname, json_build_object('table', name, 'command', polcmd::text,
  'permissive', polpermissive, 'condition', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))
FROM r JOIN pg_policy o ON o.polrelid = r.oid"""

_OTHERS = f"""
SELECT 'extension', extname::text, json_build_object('schema', extnamespace::regnamespace::text) FROM pg_extension
UNION ALL SELECT 'schema', nspname::text, '{{}}'::json FROM pg_namespace n
WHERE {_OURS} AND nspname <> 'public' AND {_no_member("pg_namespace", "n.oid")}"""

_PARTS = (
    *(_TABLES, _COLUMNS, _INDEXES, _CONSTRAINTS, _SEQUENCES, _VIEWS, _TYPES, _FUNCTIONS, _TRIGGERS, _RULES),
    *(_POLICIES, _OTHERS),
)
QUERY = (
    f"WITH r AS ({_RELATIONS}) SELECT json_build_object('kind', kind, 'name', name, 'facts', facts) FROM ("
    + "\nUNION ALL\n".join(_PARTS)
    + ") AS found (kind, name, facts)"
)
TABLES = f"""
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_OURS} AND c.relkind IN ('r', 'p') ORDER BY 1"""
