#ifndef POSTHORN_CLINUX_SHIM_H
#define POSTHORN_CLINUX_SHIM_H

/* Kernel interfaces that Swift's Glibc module leaves out. No library stands behind this: it is libc alone. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <linux/perf_event.h>
#include <resolv.h>
#include <sys/syscall.h>
#include <unistd.h>

/* prctl is variadic, which Swift cannot call. Names the calling thread; 15 bytes count. */
static inline int posthorn_name_thread(const char *name) {
    return prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* The calling process is killed when the one that started it ends. */
static inline int posthorn_end_with_parent(void) {
    return prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0);
}

/* Whether the process may be dumped to a core file, and read by other processes of its user (PR_SET_DUMPABLE(2const)). */
static inline int posthorn_set_dumpable(int is_dumpable) {
    return prctl(PR_SET_DUMPABLE, is_dumpable, 0, 0, 0);
}

/* The flags are macros over enumerators, which the importer leaves out. */
static inline int posthorn_eventfd(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

/* Declared here and not included: sys/timerfd.h would make `timespec` this module's and take it from Glibc's. The flags are
   those of open(2) (timerfd_create(2)). */
extern int timerfd_create(int clock, int flags);
extern int timerfd_settime(int descriptor, int flags, const void *new_value, void *old_value);

/* A timer of nanosecond precision that can stand in an epoll set, where a wait's own timeout counts milliseconds. */
static inline int posthorn_timerfd(void) {
    return timerfd_create(1 /* CLOCK_MONOTONIC */, 02000000 /* O_CLOEXEC */ | 04000 /* O_NONBLOCK */);
}

/* Sets it to a moment of the monotonic clock; 0 switches it off. */
static inline int posthorn_timerfd_set(int descriptor, long long nanoseconds) {
    /* struct itimerspec: the interval, then the moment, each in seconds and nanoseconds. */
    const long when[4] = {0, 0, (long)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
    return timerfd_settime(descriptor, 1 /* TFD_TIMER_ABSTIME */, when, 0);
}

static inline int posthorn_inotify(void) {
    return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

/* Locks that belong to an open file and end with its last descriptor (fcntl_locking(2), "open file description locks"):
   like those of flock(2), they hold between two descriptors of one process as well, but others can look whether one is
   held without taking it. The numbers are the kernel's; the names are not there in every build. */
#define POSTHORN_F_OFD_GETLK 36
#define POSTHORN_F_OFD_SETLK 37

/* Takes the exclusive lock of a file that is open for writing, without waiting; 0 when it was taken. */
static inline int posthorn_lock_file(int descriptor) {
    struct flock whole = {0};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return fcntl(descriptor, POSTHORN_F_OFD_SETLK, &whole);
}

/* Gives it back; otherwise it would stay with a copy of the descriptor in a child process that has not come to its exec. */
static inline int posthorn_unlock_file(int descriptor) {
    struct flock whole = {0};
    whole.l_type = F_UNLCK;
    whole.l_whence = SEEK_SET;
    return fcntl(descriptor, POSTHORN_F_OFD_SETLK, &whole);
}

/* Whether another open file holds the exclusive lock: 1 or 0, -1 when it cannot be known. Takes nothing, and sees no shared
   locks. */
static inline int posthorn_is_locked(int descriptor) {
    struct flock whole = {0};
    whole.l_type = F_RDLCK;
    whole.l_whence = SEEK_SET;
    if (fcntl(descriptor, POSTHORN_F_OFD_GETLK, &whole) != 0) return -1;
    return whole.l_type != F_UNLCK;
}

/* The same for one byte that lies far behind the end of any SQLite database, whose own locks are below 2^31. */
static inline struct flock posthorn_far_byte(short type) {
    struct flock byte = {0};
    byte.l_type = type;
    byte.l_whence = SEEK_SET;
    byte.l_start = (off_t)1 << 62;
    byte.l_len = 1;
    return byte;
}

static inline int posthorn_lock_far_byte(int descriptor) {
    struct flock byte = posthorn_far_byte(F_WRLCK);
    return fcntl(descriptor, POSTHORN_F_OFD_SETLK, &byte);
}

static inline int posthorn_is_far_byte_locked(int descriptor) {
    struct flock byte = posthorn_far_byte(F_RDLCK);
    if (fcntl(descriptor, POSTHORN_F_OFD_GETLK, &byte) != 0) return -1;
    return byte.l_type != F_UNLCK;
}

/* Gives the calling thread an empty table of descriptors of its own; the other threads keep theirs (close_range(2), Linux 5.9;
   unlike unshare(2) it needs no right that containers withhold). 0 when it was done. */
static inline int posthorn_leave_descriptors(void) {
    return (int)syscall(SYS_close_range, 0, ~0U, 2 /* CLOSE_RANGE_UNSHARE */);
}

/* Glibc's module loses the SOCK_ flags in some builds. A socket that no child process inherits. */
static inline int posthorn_socket(int family, int type, int protocol) {
    return socket(family, type | SOCK_CLOEXEC, protocol);
}

/* A stream socket that does not block. */
static inline int posthorn_stream_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* accept4 is there with _GNU_SOURCE alone. The socket does not block, and no child process inherits it. */
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
static inline int posthorn_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* A connection's state (1 established, 7 closed, 8 the other side has ended it; include/net/tcp_states.h), and how many of
   the bytes that were sent the other side has not acknowledged (TCP_INFO, tcp(7)); -1 when it is not known. Read by offset:
   libc's own struct ends before these members, and the kernel's header does not go together with libc's. */
static inline int posthorn_tcp_state(int descriptor, long long *unacknowledged) {
    unsigned char info[256] = {0};
    socklen_t length = sizeof info;
    unsigned long long acknowledged, sent, sent_again;
    *unacknowledged = -1;
    if (getsockopt(descriptor, 6 /* IPPROTO_TCP */, 11 /* TCP_INFO */, info, &length) != 0) return -1;
    if (length >= 216) {
        __builtin_memcpy(&acknowledged, info + 120, 8);
        __builtin_memcpy(&sent, info + 200, 8);
        __builtin_memcpy(&sent_again, info + 208, 8);
        /* The first byte that counts as acknowledged is the opening of the connection, which does not count as sent. */
        *unacknowledged = (long long)(sent - sent_again - acknowledged + 1);
    }
    return info[0];
}

/* The resolver's settings of the calling thread (resolver(3)): `_res` is a macro over a function. */
static inline void posthorn_bound_resolver(int seconds, int tries) {
    if (res_init() == 0) {
        _res.retrans = seconds;
        _res.retry = tries;
    }
}

/* The name servers of this machine (resolver(3)), IPv4 and IPv6, in the order of /etc/resolv.conf; returns how many. */
static inline int posthorn_name_servers(struct sockaddr_storage *servers, int limit) {
    struct __res_state state;
    int count = 0;
    __builtin_memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return 0;
    for (int i = 0; i < state.nscount && count < limit; i++) {
        if (state.nsaddr_list[i].sin_family == AF_INET) {
            __builtin_memcpy(&servers[count++], &state.nsaddr_list[i], sizeof state.nsaddr_list[i]);
        } else if (state._u._ext.nsaddrs[i] != 0) {
            __builtin_memcpy(&servers[count++], state._u._ext.nsaddrs[i], sizeof *state._u._ext.nsaddrs[i]);
        }
    }
    res_nclose(&state);
    return count;
}

/* 1 when the kernel holds the clock for synchronised, 0 when not, -1 when it does not say. Changes nothing. */
static inline int posthorn_clock_state(void) {
    struct timex state = {0};
    int result = adjtimex(&state);
    return result < 0 ? -1 : (result != TIME_ERROR && !(state.status & STA_UNSYNC));
}

/* A descriptor that counts the calling thread's instructions in user space (perf_event_open(2), which glibc does not wrap),
   and those of the threads that it starts later if asked to; -1 where the machine or its settings do not let it. An
   eight-byte read gives the count so far. */
static inline int posthorn_open_instruction_counter(int with_later_threads) {
    struct perf_event_attr attributes = {0};
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.size = sizeof attributes;
    attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
    attributes.inherit = with_later_threads != 0;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

#endif
