#ifndef POSTHORN_CPOSTGRES_SHIM_H
#define POSTHORN_CPOSTGRES_SHIM_H

#include <libpq-fe.h>

static inline void posthorn_pq_ignore(void *context, const PGresult *notice) {
    (void)context;
    (void)notice;
}

/* Notices would go to the standard error of the program otherwise. */
static inline void posthorn_pq_silence(PGconn *connection) {
    PQsetNoticeReceiver(connection, posthorn_pq_ignore, (void *)0);
}

/* A macro, which the importer leaves out (PG_DIAG_SQLSTATE). */
static inline const char *posthorn_pq_sqlstate(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

/* What the server says, without its SQL and its place there. */
static inline const char *posthorn_pq_message(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}

#endif
