#ifndef POSTHORN_TEST_SPAWN_SHIM_H
#define POSTHORN_TEST_SPAWN_SHIM_H

/* Swift's Glibc module leaves out what spawn.h declares for GNU sources only. Declared here and not included: the header would
   make `posix_spawn_file_actions_t` this module's and take it from Glibc's. */
extern int posix_spawn_file_actions_addclosefrom_np(void *actions, int first);

/* Adds an action that closes every descriptor from `first` on (glibc 2.34). */
static inline int posthorn_spawn_close_from(void *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

#endif
