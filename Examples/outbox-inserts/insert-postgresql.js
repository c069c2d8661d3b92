#!/usr/bin/env node
// Emits an event with an INSERT, in the same transaction as the platform's own data, in PostgreSQL (node-postgres: npm install pg).
//
//     export POSTHORN_DB=postgresql://me@/platform
//     posthorn apply Examples/topologies/weseedo.json
//     Examples/outbox-inserts/insert-postgresql.js "$POSTHORN_DB"
//     posthorn run
//
// A role that may do nothing but emit needs these rights:
//
//     GRANT INSERT (id, type, node, created, data, traceparent, headers), SELECT (id) ON posthorn_outbox TO platform;
"use strict";

// Puts an event into the transaction that is open on the client, and returns its id.
//
// Give an id of your own when the same thing may be emitted twice: the same event again changes nothing; the same id with other content fails
// (code 23514), and so does everything else that is wrong with an event.
async function emit(client, { type, node, data, id }) {
  const columns = id === undefined ? ["type", "node", "data"] : ["type", "node", "data", "id"];
  const values = [type, node, JSON.stringify(data), id].slice(0, columns.length);
  const places = columns.map((_, i) => `$${i + 1}`).join(", ");
  const result = await client.query(`INSERT INTO posthorn_outbox (${columns.join(", ")}) VALUES (${places}) RETURNING id`, values);
  // The same event again is accepted, changes nothing and returns no row.
  return result.rows.length > 0 ? result.rows[0].id : id;
}

// One transaction over one client of a pool; what `body` throws rolls it back.
async function inTransaction(pool, body) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await body(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

async function main(address, node) {
  const { Pool } = require("pg");
  const pool = new Pool({ connectionString: address });
  try {
    const id = await inTransaction(pool, async (client) => {
      await client.query("CREATE TABLE IF NOT EXISTS meeting (id text PRIMARY KEY, title text NOT NULL)");
      await client.query("INSERT INTO meeting VALUES ('m1', 'Kick-off') ON CONFLICT DO NOTHING");
      return emit(client, { type: "MEETING_STARTED", node, data: { id: "m1" }, id: "meeting-m1-started" });
    });
    console.log(`committed with event ${id}`);
  } finally {
    await pool.end();
  }
}

if (require.main === module) {
  const [address, node = "havenzicht-desk"] = process.argv.slice(2);
  if (address === undefined || address.startsWith("-")) {
    console.log("usage: insert-postgresql.js postgresql://user@host/database [node]");
    process.exit(address === undefined ? 2 : 0);
  }
  main(address, node).catch((error) => {
    console.error(`not committed: ${error.message}`);
    process.exit(1);
  });
}

module.exports = { emit, inTransaction };
