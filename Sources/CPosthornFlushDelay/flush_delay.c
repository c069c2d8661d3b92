#define _GNU_SOURCE
#include "flush_delay.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_int_fast64_t delay_microseconds;
static atomic_uint_fast64_t flushes;

void posthorn_set_flush_delay(int64_t microseconds) { atomic_store(&delay_microseconds, microseconds); }

uint64_t posthorn_flush_count(void) { return atomic_load(&flushes); }

static void count_and_wait(void) {
    atomic_fetch_add(&flushes, 1);
    int64_t delay = atomic_load(&delay_microseconds);
    if (delay <= 0) return;
    struct timespec pause = {delay / 1000000, delay % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

int fdatasync(int descriptor) {
    count_and_wait();
    return (int)syscall(SYS_fdatasync, descriptor);
}

int fsync(int descriptor) {
    count_and_wait();
    return (int)syscall(SYS_fsync, descriptor);
}
