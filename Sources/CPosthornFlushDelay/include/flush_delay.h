#ifndef POSTHORN_FLUSH_DELAY_H
#define POSTHORN_FLUSH_DELAY_H

#include <stdint.h>

/* From now on every fdatasync and fsync of this process takes this much longer, as on a slower disk; 0 for as it is.
   Linking this target replaces those functions by ones that count, wait and then do what the kernel does. */
void posthorn_set_flush_delay(int64_t microseconds);

/* How often this process has asked for a flush so far. */
uint64_t posthorn_flush_count(void);

#endif
