"""PostgreSQL's catalogue: a query for each kind of object. Each row is kind, table, name and facts, as one JSON array.

Objects of an extension are left out. Names have no schema if it is `public`, the default.
"""

from __future__ import annotations

# The name of an object in pg_class as k, with its schema as n.
NAME = "CASE n.nspname WHEN 'public' THEN k.relname::text ELSE n.nspname || '.' || k.relname END"
OURS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"


def _not_of_extension(catalogue: str, oid: str) -> str:
    return (
        f"NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{catalogue}'::regclass AND d.objid = {oid}"
        " AND d.deptype = 'e')"
    )


_NOT_OF_EXTENSION = _not_of_extension("pg_class", "k.oid")
_CLASS = f"pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace AND {OURS} AND {_NOT_OF_EXTENSION}"

EXTENSIONS = "SELECT 'extension', '', extname, jsonb_build_object() FROM pg_extension WHERE extname <> 'plpgsql'"

SCHEMAS = f"""
SELECT 'schema', '', n.nspname, jsonb_build_object() FROM pg_namespace n
WHERE {OURS} AND n.nspname <> 'public' AND {_not_of_extension("pg_namespace", "n.oid")}
"""

# Enums with their values in order, domains with what they allow, composite types with their attributes.
TYPES = f"""
SELECT 'type', '', format_type(t.oid, NULL), CASE t.typtype
  WHEN 'e' THEN jsonb_build_object('values',
    (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
  WHEN 'd' THEN jsonb_build_object(
    'type', format_type(t.typbasetype, t.typtypmod),
    'nullability', CASE WHEN t.typnotnull THEN 'not null' ELSE 'nullable' END,
    'default', t.typdefault,
    'checks', (SELECT jsonb_agg(pg_get_constraintdef(c.oid) ORDER BY pg_get_constraintdef(c.oid))
      FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'))
  ELSE jsonb_build_object('attributes',
    (SELECT jsonb_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
      FROM pg_attribute a WHERE a.attrelid = t.typrelid AND NOT a.attisdropped))
  END
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace AND {OURS}
WHERE (t.typtype IN ('e', 'd') OR t.typtype = 'c' AND (SELECT relkind FROM pg_class WHERE oid = t.typrelid) = 'c')
  AND {_not_of_extension("pg_type", "t.oid")}
"""

# Sequences of identity columns are part of the column. The current value of a sequence is data.
SEQUENCES = f"""
SELECT 'sequence', '', {NAME}, jsonb_build_object(
  'type', format_type(s.seqtypid, NULL), 'start', s.seqstart, 'increment', s.seqincrement,
  'minimum', s.seqmin, 'maximum', s.seqmax, 'cycle', s.seqcycle)
FROM pg_sequence s JOIN {_CLASS} ON k.oid = s.seqrelid
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = k.oid AND d.deptype = 'i')
"""

TABLES = f"""
SELECT 'table', '', {NAME}, jsonb_build_object(
  'kind', CASE k.relkind WHEN 'p' THEN 'partitioned' WHEN 'f' THEN 'foreign' ELSE 'table' END,
  'persistence', CASE k.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END,
  'row security', CASE WHEN k.relforcerowsecurity THEN 'forced' WHEN k.relrowsecurity THEN 'on' ELSE 'off' END,
  'partition key', pg_get_partkeydef(k.oid),
  'partition of', (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = k.oid LIMIT 1),
  'partition bound', pg_get_expr(k.relpartbound, k.oid))
FROM {_CLASS} WHERE k.relkind IN ('r', 'p', 'f')
"""

COLUMNS = f"""
SELECT 'column', {NAME}, a.attname, jsonb_build_object(
  'type', format_type(a.atttypid, a.atttypmod),
  'nullability', CASE WHEN a.attnotnull THEN 'not null' ELSE 'nullable' END,
  'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(f.adbin, f.adrelid) END,
  'generation', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(f.adbin, f.adrelid) END,
  'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
  'collation', (SELECT c.collname FROM pg_collation c JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.oid = a.attcollation AND a.attcollation <> t.typcollation),
  'position', a.attnum)
FROM {_CLASS} JOIN pg_attribute a ON a.attrelid = k.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef f ON f.adrelid = k.oid AND f.adnum = a.attnum
WHERE k.relkind IN ('r', 'p', 'f')
"""

# NOT NULL is part of the column; triggers that enforce a constraint are part of the constraint.
CONSTRAINTS = f"""
SELECT 'constraint', {NAME}, c.conname, jsonb_build_object('definition', pg_get_constraintdef(c.oid))
FROM pg_constraint c JOIN {_CLASS} ON k.oid = c.conrelid
WHERE c.contype IN ('p', 'u', 'f', 'c', 'x') AND c.conislocal
"""

INDEXES = f"""
SELECT 'index', {NAME}, x.relname, jsonb_build_object('definition',
  CASE WHEN i.indisunique THEN 'unique ' ELSE '' END || regexp_replace(pg_get_indexdef(x.oid), '^.*? USING ', '')
  || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END)
FROM pg_index i JOIN {_CLASS} ON k.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
WHERE k.relkind IN ('r', 'p', 'm')
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.oid AND c.conrelid = k.oid)
"""

TRIGGERS = f"""
SELECT 'trigger', {NAME}, t.tgname, jsonb_build_object(
  'definition', pg_get_triggerdef(t.oid),
  'state', CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'O' THEN 'enabled' ELSE t.tgenabled::text END)
FROM pg_trigger t JOIN {_CLASS} ON k.oid = t.tgrelid WHERE NOT t.tgisinternal
"""

POLICIES = f"""
SELECT 'policy', {NAME}, p.polname, jsonb_build_object(
  'command', p.polcmd::text, 'permissive', p.polpermissive,
  'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p JOIN {_CLASS} ON k.oid = p.polrelid
"""

VIEWS = f"""
SELECT 'view', '', {NAME}, jsonb_build_object(
  'kind', CASE k.relkind WHEN 'm' THEN 'materialized' ELSE 'view' END, 'definition', pg_get_viewdef(k.oid))
FROM {_CLASS} WHERE k.relkind IN ('v', 'm')
"""

FUNCTIONS = f"""
SELECT 'function', '', p.oid::regprocedure::text, jsonb_build_object('definition',
  CASE WHEN p.prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND {OURS} WHERE {_not_of_extension("pg_proc", "p.oid")}
"""

ALL = (
    EXTENSIONS,
    SCHEMAS,
    TYPES,
    SEQUENCES,
    TABLES,
    COLUMNS,
    CONSTRAINTS,
    INDEXES,
    TRIGGERS,
    POLICIES,
    VIEWS,
    FUNCTIONS,
)


def script() -> str:
    """All queries for the client: each prints one JSON array a line."""
    lines = [f"SELECT jsonb_build_array(q.a, q.b, q.c, q.d) FROM ({query.strip()}) AS q (a, b, c, d);" for query in ALL]
    # So that names in `public` are printed without a schema, and others with it.
    return "\n".join(["SET search_path = public;", *lines]) + "\n"


# The tables with their columns, for databases/migration_tools.py: display name, name in SQL, columns in SQL, names.
RECORD_COLUMNS = f"""
SELECT jsonb_build_array({NAME}, format('%I.%I', n.nspname, k.relname),
  jsonb_agg(quote_ident(a.attname) ORDER BY a.attnum), jsonb_agg(a.attname ORDER BY a.attnum),
  bool_or(a.attidentity = 'a'))
FROM {_CLASS} JOIN pg_attribute a ON a.attrelid = k.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE k.relkind = 'r' GROUP BY k.oid, k.relname, n.nspname;
"""
