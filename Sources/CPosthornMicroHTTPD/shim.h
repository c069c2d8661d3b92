#ifndef POSTHORN_CMICROHTTPD_SHIM_H
#define POSTHORN_CMICROHTTPD_SHIM_H

#include <microhttpd.h>

/* MHD_start_daemon is variadic, which Swift cannot call, and its options are enumerators that differ in type.
   Sockets come in by MHD_add_connection alone: MHD_quiesce_daemon aborts the process when a worker of a pool takes the
   listening socket out of its own epoll set at the same moment (seen in the source of 0.9.75), so the listening socket
   is ours. */
static inline struct MHD_Daemon *posthorn_mhd_start(
    void *context,
    MHD_AccessHandlerCallback access,
    void *(*target)(void *context, const char *target, struct MHD_Connection *connection),
    size_t (*unescape)(void *context, struct MHD_Connection *connection, char *text),
    MHD_RequestCompletedCallback completed,
    MHD_NotifyConnectionCallback changed,
    unsigned int threads,
    size_t memory_per_connection,
    unsigned int connections
) {
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t) threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_TURBO,
        0, NULL, NULL, access, context,
        MHD_OPTION_URI_LOG_CALLBACK, target, context,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, context,
        MHD_OPTION_NOTIFY_COMPLETED, completed, context,
        MHD_OPTION_NOTIFY_CONNECTION, changed, context,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory_per_connection,
        MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_STRICT_FOR_CLIENT, (int) 1,
        MHD_OPTION_ARRAY, threads > 1 ? pool : pool + 1,
        MHD_OPTION_END);
}

/* MHD_get_connection_info is variadic and answers with a union. */
static inline void *posthorn_mhd_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

static inline int posthorn_mhd_descriptor(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

static inline const struct sockaddr *posthorn_mhd_peer(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info == NULL ? NULL : info->client_addr;
}

#endif
