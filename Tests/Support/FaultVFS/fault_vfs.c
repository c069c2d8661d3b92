#include "fault_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct fault_plan {
    char *prefix;
    size_t prefix_length;
    int kinds;
    long left;
    int for_good;
    int code;
    long fired;
    fault_plan *next;
};

/* The plans and all that stands in them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static fault_plan *plans;
static sqlite3_vfs *below;
static sqlite3_vfs layer;

/* One open file; the file of the layer below follows in the same memory. */
typedef struct {
    sqlite3_file base;
    fault_plan *plan;
} fault_file;

static sqlite3_file *real(sqlite3_file *file) { return (sqlite3_file *)((fault_file *)file + 1); }

/* The code to fail with, or 0. */
static int fault(fault_plan *plan, int kind) {
    int code = 0;
    pthread_mutex_lock(&lock);
    if (plan->kinds & kind) {
        if (plan->left > 0) plan->left--;
        if (plan->left == 0 && (plan->for_good || plan->fired == 0)) {
            plan->fired++;
            code = plan->code;
        }
    }
    pthread_mutex_unlock(&lock);
    return code;
}

static int file_fault(sqlite3_file *file, int kind) { return fault(((fault_file *)file)->plan, kind); }

static int fault_close(sqlite3_file *file) { return real(file)->pMethods->xClose(real(file)); }

static int fault_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    int code = file_fault(file, FAULT_READ);
    return code ? code : real(file)->pMethods->xRead(real(file), bytes, count, offset);
}

static int fault_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    int code = file_fault(file, FAULT_WRITE);
    if (code == 0) return real(file)->pMethods->xWrite(real(file), bytes, count, offset);
    real(file)->pMethods->xWrite(real(file), bytes, count / 2, offset);
    return code;
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size) {
    int code = file_fault(file, FAULT_TRUNCATE);
    return code ? code : real(file)->pMethods->xTruncate(real(file), size);
}

static int fault_sync(sqlite3_file *file, int flags) {
    int code = file_fault(file, FAULT_SYNC);
    return code ? code : real(file)->pMethods->xSync(real(file), flags);
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *size) { return real(file)->pMethods->xFileSize(real(file), size); }
static int fault_lock(sqlite3_file *file, int level) { return real(file)->pMethods->xLock(real(file), level); }
static int fault_unlock(sqlite3_file *file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
static int fault_reserved(sqlite3_file *file, int *out) { return real(file)->pMethods->xCheckReservedLock(real(file), out); }
static int fault_control(sqlite3_file *file, int what, void *argument) {
    return real(file)->pMethods->xFileControl(real(file), what, argument);
}
static int fault_sector(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int fault_device(sqlite3_file *file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }

static int fault_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
    int code = extend ? file_fault(file, FAULT_SHARED_MEMORY) : 0;
    return code ? code : real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}
static int fault_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
static void fault_shm_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int fault_shm_unmap(sqlite3_file *file, int remove) { return real(file)->pMethods->xShmUnmap(real(file), remove); }

/* Version 2: with shared memory, which a write-ahead log needs, and without memory-mapped reading. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_reserved,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector,
    .xDeviceCharacteristics = fault_device,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
};

static fault_plan *plan_of(const char *name) {
    fault_plan *found = 0;
    if (name == 0) return 0;
    pthread_mutex_lock(&lock);
    for (found = plans; found; found = found->next) {
        if (strncmp(name, found->prefix, found->prefix_length) == 0) break;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    fault_plan *plan = plan_of(name);
    int code;
    (void)vfs;
    if (plan == 0) return below->xOpen(below, name, file, flags, out_flags);
    file->pMethods = 0;
    code = fault(plan, FAULT_OPEN);
    if (code) return code;
    ((fault_file *)file)->plan = plan;
    code = below->xOpen(below, name, real(file), flags, out_flags);
    if (code == SQLITE_OK) file->pMethods = &methods;
    return code;
}

static int install(void) {
    static int is_installed;
    if (is_installed) return 1;
    below = sqlite3_vfs_find(0);
    if (below == 0) return 0;
    layer = *below;
    layer.zName = "posthorn-faults";
    layer.pNext = 0;
    layer.szOsFile = (int)sizeof(fault_file) + below->szOsFile;
    layer.xOpen = fault_open;
    is_installed = sqlite3_vfs_register(&layer, 1) == SQLITE_OK;
    return is_installed;
}

fault_plan *fault_plan_make(const char *prefix) {
    fault_plan *plan = calloc(1, sizeof *plan);
    if (plan == 0) return 0;
    plan->prefix = strdup(prefix);
    plan->prefix_length = strlen(prefix);
    pthread_mutex_lock(&lock);
    int is_ready = install();
    plan->next = plans;
    plans = plan;
    pthread_mutex_unlock(&lock);
    return is_ready ? plan : 0;
}

void fault_plan_arm(fault_plan *plan, int kinds, long nth, int for_good, int code) {
    pthread_mutex_lock(&lock);
    plan->kinds = kinds;
    plan->left = nth;
    plan->for_good = for_good;
    plan->code = code;
    plan->fired = 0;
    pthread_mutex_unlock(&lock);
}

void fault_plan_disarm(fault_plan *plan) {
    pthread_mutex_lock(&lock);
    plan->kinds = 0;
    pthread_mutex_unlock(&lock);
}

long fault_plan_fired(fault_plan *plan) {
    pthread_mutex_lock(&lock);
    long fired = plan->fired;
    pthread_mutex_unlock(&lock);
    return fired;
}
