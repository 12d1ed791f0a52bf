// The tables of a PostgreSQL that queries could be made for: those that the role may read, with their keys.
import type { ClientBase } from 'pg'
import type { Table } from '../database.ts'

const TABLES = `
  SELECT c.relname AS name,
    (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
    (SELECT array_agg(attname::text ORDER BY place) FROM pg_index, unnest(indkey) WITH ORDINALITY AS key (number, place)
      JOIN pg_attribute ON attnum = number WHERE indrelid = c.oid AND attrelid = c.oid AND indisprimary) AS "primaryKey",
    (SELECT json_agg(json_build_object('column', a.attname, 'table', confrelid::regclass::text, 'to', b.attname) ORDER BY a.attnum)
      FROM pg_constraint JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
      JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = confkey[1]
      WHERE conrelid = c.oid AND contype = 'f' AND array_length(conkey, 1) = 1) AS "foreignKeys"
  FROM pg_class c WHERE relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition AND pg_table_is_visible(c.oid)
    AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)' AND has_table_privilege(c.oid, 'SELECT')
  ORDER BY relname`

export async function tablesIn(client: ClientBase): Promise<readonly Table[]> {
  const { rows } = await client.query<{ [Key in keyof Table]: Table[Key] | null } & { readonly name: string }>(TABLES)
  return rows.map(row => ({
    name: row.name,
    columns: row.columns ?? [],
    primaryKey: row.primaryKey ?? [],
    foreignKeys: row.foreignKeys ?? [],
  }))
}
