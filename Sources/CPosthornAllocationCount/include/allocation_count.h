#ifndef POSTHORN_ALLOCATION_COUNT_H
#define POSTHORN_ALLOCATION_COUNT_H

#include <stdint.h>

/* How often this process has asked for memory so far: malloc, calloc, realloc and aligned allocations together.
   Linking this target replaces those functions by ones that count and then do what glibc's do. */
uint64_t posthorn_allocation_count(void);

#endif
