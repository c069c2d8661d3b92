#ifndef POSTHORN_FAULT_VFS_H
#define POSTHORN_FAULT_VFS_H

/* A layer over SQLite's own file system that makes chosen calls fail, for files below one folder at a time. Everything
   else goes through untouched, so tests beside it notice nothing. */

/* Which calls a plan counts and fails. */
enum {
    FAULT_WRITE = 1,
    FAULT_SYNC = 2,
    FAULT_OPEN = 4,
    FAULT_TRUNCATE = 8,
    FAULT_READ = 16,
    FAULT_SHARED_MEMORY = 32
};

typedef struct fault_plan fault_plan;

/* A plan for all files whose path starts with `prefix`; it lives until the process ends. Makes the layer SQLite's
   default when it is called first; 0 when that fails. */
fault_plan *fault_plan_make(const char *prefix);

/* From now on the `nth` call of these kinds, counted from 1, fails with an SQLite result code; and every later one too
   when `for_good` is set. A write that fails has written its first half. */
void fault_plan_arm(fault_plan *plan, int kinds, long nth, int for_good, int code);

/* From now on nothing fails. */
void fault_plan_disarm(fault_plan *plan);

/* Calls that were failed since the plan was armed last. */
long fault_plan_fired(fault_plan *plan);

#endif
