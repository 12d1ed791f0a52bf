// The demo shop's database: its tables, how it is opened, and how it is filled the first time. Used in the shop's thread only: every call blocks.
import { DatabaseSync } from 'node:sqlite'
import { drawShop } from './seed/draw-shop.ts'
import { fill } from './seed/fill.ts'

/**
 * How long a statement waits for another connection's lock before it gives up. Facts wait in line behind it, so it is well below their deadline;
 * an effect that is given up is run again with the same key.
 */
const LOCK_WAIT_MS = 250
/** Goes up with every change of the tables. */
const SCHEMA_VERSION = 1

const SCHEMA = `
  CREATE TABLE customers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, city_zh TEXT NOT NULL, city_en TEXT NOT NULL,
    market TEXT NOT NULL CHECK (market IN ('cn', 'us')),
    place INTEGER UNIQUE -- from 0, of those that a visitor may be taken for; null for the documented ones
  ) STRICT;
  CREATE TABLE products (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL
  ) STRICT;
  CREATE TABLE orders (
    number TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers, placed_on INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('paid', 'packed', 'shipped', 'out-for-delivery', 'delivered', 'cancelled', 'returned')),
    carrier_zh TEXT, carrier_en TEXT, tracking_number TEXT, expected_on INTEGER, delivered_on INTEGER, left_with TEXT
  ) STRICT;
  CREATE INDEX orders_of_customer ON orders (customer, placed_on);
  CREATE TABLE lines (
    order_number TEXT NOT NULL REFERENCES orders, place INTEGER NOT NULL, product TEXT NOT NULL REFERENCES products,
    quantity INTEGER NOT NULL CHECK (quantity > 0), unit_price INTEGER NOT NULL CHECK (unit_price > 0),
    PRIMARY KEY (order_number, place)
  ) STRICT;
  CREATE TABLE refunds (
    order_number TEXT PRIMARY KEY REFERENCES orders, amount INTEGER NOT NULL CHECK (amount > 0),
    status TEXT NOT NULL CHECK (status IN ('requested', 'approved', 'paid')), requested_on INTEGER NOT NULL, expected_on INTEGER
  ) STRICT;
  CREATE TABLE cases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, customer TEXT NOT NULL REFERENCES customers,
    order_number TEXT NOT NULL REFERENCES orders, count INTEGER NOT NULL CHECK (count > 0), amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'withdrawn'))
  ) STRICT;
  -- An order has one living case at most, whoever writes here.
  CREATE UNIQUE INDEX living_case ON cases (order_number) WHERE state <> 'withdrawn';
  -- What each key came to: in the transaction of its effect, so that a key that is run again is answered from here.
  CREATE TABLE outcomes (
    key TEXT PRIMARY KEY, name TEXT NOT NULL, customer TEXT NOT NULL, outcome TEXT NOT NULL
  ) STRICT;
`

/** Opens the file, and makes and fills the tables where there are none. `today` dates what is made. Throws what SQLite throws. */
export function openDatabase(file: string, today: string, Database = DatabaseSync): DatabaseSync {
  const database = new Database(file, { timeout: LOCK_WAIT_MS })
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
    // Looked at within the transaction: two processes may open a new file at once.
    if (schemaVersion(database) === 0)
      inTransaction(database, () => {
        if (schemaVersion(database) !== 0) return
        database.exec(SCHEMA)
        fill(database, drawShop(today))
        database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
      })
    const version = schemaVersion(database)
    if (version !== SCHEMA_VERSION) throw new Error(`the file has version ${version}, and this release reads ${SCHEMA_VERSION}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

// The pragma gives one row with this one column.
const schemaVersion = (database: DatabaseSync): number =>
  (database.prepare('PRAGMA user_version').get() as { readonly user_version: number }).user_version

/** All of `work` or nothing of it; it is on the disk when this returns. No other connection writes meanwhile. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
