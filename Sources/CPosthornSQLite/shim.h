#ifndef POSTHORN_CSQLITE_SHIM_H
#define POSTHORN_CSQLITE_SHIM_H

#include <sqlite3.h>

/* sqlite3_config is variadic, which Swift cannot call. Memory statistics cost a
   mutex on every allocation; https://sqlite.org/c3ref/c_config_covering_index_scan.html */
static inline int posthorn_sqlite3_disable_memory_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* sqlite3_db_config is variadic too. Statements of this connection fire no triggers from now on. */
static inline int posthorn_sqlite3_disable_triggers(sqlite3 *connection) {
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
}

/* Statements of this connection may write the schema's own table, as one migration does; some builds of SQLite forbid it at first. */
static inline int posthorn_sqlite3_allow_schema_writes(sqlite3 *connection) {
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 0, (int *)0);
}

/* SQLITE_TRANSIENT and SQLITE_STATIC are casts of integers to function pointers,
   which the importer leaves out. */
static inline int posthorn_sqlite3_bind_text_copy(sqlite3_stmt *statement, int index, const char *text, int length) {
    return sqlite3_bind_text(statement, index, text, length, SQLITE_TRANSIENT);
}

/* The bytes must stay where they are until the statement is reset or bound again. */
static inline int posthorn_sqlite3_bind_text_borrowed(sqlite3_stmt *statement, int index, const char *text, int length) {
    return sqlite3_bind_text(statement, index, text, length, SQLITE_STATIC);
}

static inline int posthorn_sqlite3_bind_blob_copy(sqlite3_stmt *statement, int index, const void *bytes, int length) {
    return sqlite3_bind_blob(statement, index, bytes, length, SQLITE_TRANSIENT);
}

#endif
