"""The catalogue of MariaDB and MySQL: queries whose rows are kind, table, name and facts, as one JSON array.

A column's collation is listed only if it differs from its table's.
"""

from __future__ import annotations

HERE = "table_schema = DATABASE()"


def _anywhere(text: str) -> str:
    """A text from the server without the name of this database, which is in the names of sequences and in views."""
    return f"replace({text}, concat('`', DATABASE(), '`.'), '')"


TABLES = f"""
SELECT JSON_ARRAY('table', '', t.table_name, JSON_OBJECT(
  'kind', 'table', 'engine', t.engine, 'collation', t.table_collation,
  'partition key', (SELECT max(concat(p.partition_method, ' (', p.partition_expression, ')'))
    FROM information_schema.partitions p WHERE p.table_schema = t.table_schema AND p.table_name = t.table_name)))
FROM information_schema.tables t WHERE {HERE} AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
"""

COLUMNS = f"""
SELECT JSON_ARRAY('column', t.table_name, c.column_name, JSON_OBJECT(
  'type', c.column_type,
  'nullability', if(c.is_nullable = 'YES', 'nullable', 'not null'),
  'default', nullif({_anywhere("c.column_default")}, 'NULL'),
  'collation', nullif(c.collation_name, t.table_collation),
  'generation', nullif(c.generation_expression, ''),
  'extra', nullif(c.extra, ''),
  'position', c.ordinal_position))
FROM information_schema.tables t
JOIN information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
WHERE t.{HERE} AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
"""

# %s: a part of an index, which may be an expression on MySQL.
INDEXES = f"""
SELECT JSON_ARRAY('index', s.table_name, s.index_name, JSON_OBJECT('definition', concat(
  if(s.non_unique, '', 'unique '), lower(s.index_type), ' (', group_concat(
    %s, if(s.sub_part IS NULL, '', concat('(', s.sub_part, ')')), if(s.collation = 'D', ' desc', '')
    ORDER BY s.seq_in_index SEPARATOR ', '), ')')))
FROM information_schema.statistics s WHERE {HERE}
GROUP BY s.table_name, s.index_name, s.non_unique, s.index_type
"""

FOREIGN_KEYS = """
SELECT JSON_ARRAY('constraint', k.table_name, k.constraint_name, JSON_OBJECT('definition', concat(
  'FOREIGN KEY (', group_concat(k.column_name ORDER BY k.ordinal_position SEPARATOR ', '), ') REFERENCES ',
  k.referenced_table_name, ' (', group_concat(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR ', '), ')',
  if(r.update_rule IN ('RESTRICT', 'NO ACTION'), '', concat(' ON UPDATE ', r.update_rule)),
  if(r.delete_rule IN ('RESTRICT', 'NO ACTION'), '', concat(' ON DELETE ', r.delete_rule)))))
FROM information_schema.key_column_usage k
JOIN information_schema.referential_constraints r ON r.constraint_schema = k.constraint_schema
  AND r.table_name = k.table_name AND r.constraint_name = k.constraint_name
WHERE k.constraint_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
GROUP BY k.table_name, k.constraint_name, k.referenced_table_name, r.update_rule, r.delete_rule
"""

# %s: how to join the two tables. A check's name is unique in the database on MySQL, and in the table on MariaDB.
CHECKS = """
SELECT JSON_ARRAY('constraint', t.table_name, t.constraint_name, JSON_OBJECT(
  'definition', concat('CHECK (', c.check_clause, ')')))
FROM information_schema.table_constraints t
JOIN information_schema.check_constraints c ON c.constraint_schema = t.constraint_schema
  AND c.constraint_name = t.constraint_name%s
WHERE t.constraint_schema = DATABASE() AND t.constraint_type = 'CHECK'
"""

TRIGGERS = """
SELECT JSON_ARRAY('trigger', event_object_table, trigger_name, JSON_OBJECT('definition', concat(
  action_timing, ' ', event_manipulation, ' ', action_statement), 'order', action_order))
FROM information_schema.triggers WHERE trigger_schema = DATABASE()
"""

VIEWS = f"""
SELECT JSON_ARRAY('view', '', table_name, JSON_OBJECT(
  'definition', {_anywhere("view_definition")}, 'check option', check_option,
  'security', security_type))
FROM information_schema.views WHERE {HERE}
"""

FUNCTIONS = """
SELECT JSON_ARRAY('function', '', r.routine_name, JSON_OBJECT(
  'kind', r.routine_type, 'definition', r.routine_definition, 'data access', r.sql_data_access,
  'deterministic', r.is_deterministic, 'security', r.security_type,
  'parameters', (SELECT group_concat(concat_ws(' ', p.parameter_mode, p.parameter_name, p.dtd_identifier)
    ORDER BY p.ordinal_position SEPARATOR ', ') FROM information_schema.parameters p
    WHERE p.specific_schema = r.routine_schema AND p.specific_name = r.specific_name)))
FROM information_schema.routines r WHERE r.routine_schema = DATABASE()
"""

EVENTS = """
SELECT JSON_ARRAY('event', '', event_name, JSON_OBJECT('definition', event_definition, 'status', status,
  'every', concat_ws(' ', interval_value, interval_field), 'at', cast(execute_at AS char)))
FROM information_schema.events WHERE event_schema = DATABASE()
"""

# The objects to dump, and the tables with their columns for databases/migration_tools.py.
OBJECTS = f"""
SELECT JSON_ARRAY(table_type, table_name) FROM information_schema.tables WHERE {HERE} ORDER BY table_name;
SELECT JSON_ARRAY(routine_type, routine_name) FROM information_schema.routines
  WHERE routine_schema = DATABASE() ORDER BY routine_type, routine_name;
SELECT JSON_ARRAY('TRIGGER', trigger_name) FROM information_schema.triggers
  WHERE trigger_schema = DATABASE() ORDER BY event_object_table, action_timing, event_manipulation, action_order;
SELECT JSON_ARRAY('EVENT', event_name) FROM information_schema.events
  WHERE event_schema = DATABASE() ORDER BY event_name;
"""
RECORD_COLUMNS = f"""
SELECT JSON_ARRAY(table_name, column_name) FROM information_schema.columns
  WHERE {HERE} AND extra NOT LIKE '%GENERATED%' ORDER BY table_name, ordinal_position;
"""


def script(is_mariadb: bool) -> str:
    """All queries of the catalogue, for the client."""
    part = "s.column_name" if is_mariadb else "coalesce(s.column_name, s.expression)"
    same_table = " AND c.table_name = t.table_name" if is_mariadb else ""
    queries = (TABLES, COLUMNS, INDEXES % part, FOREIGN_KEYS, CHECKS % same_table, TRIGGERS, VIEWS, FUNCTIONS, EVENTS)
    # An index of many columns, or a routine of many parameters, is longer than the default of 1 KB.
    return "SET SESSION group_concat_max_len = 1000000;\n" + "".join(f"{query.strip()};\n" for query in queries)
