/*
 * Arenas: memory by lifetime. Allocation never fails (no memory ends the process, see core/err.h),
 * nothing is freed alone. Four lifetimes use them: statement, query, batch; state has its own
 * allocator.
 *
 * In ASan builds wr_arena_reset poisons what was handed out, so that a stale pointer stops at once.
 * Thread: one at a time.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "core/err.h"

typedef struct wr_arena wr_arena;

wr_arena *wr_arena_new(void);
void wr_arena_free(wr_arena *a); /* NULL is fine */

/* Forgets everything handed out; keeps the memory for the next round. */
void wr_arena_reset(wr_arena *a);

/* size bytes aligned to 16, not initialised. size 0 gives a valid pointer. */
void *wr_arena_alloc(wr_arena *a, size_t size);
void *wr_arena_zalloc(wr_arena *a, size_t size);

/* A copy in the arena; strings get a closing zero that is not counted. */
char *wr_arena_strdup(wr_arena *a, const char *z);
wr_str wr_arena_str(wr_arena *a, wr_str s);
wr_str wr_arena_printf(wr_arena *a, const char *format, ...) WR_PRINTF(2, 3);

/* Bytes held from the system. */
size_t wr_arena_bytes(const wr_arena *a);

#define WR_NEW(a, type)		 ((type *)wr_arena_zalloc((a), sizeof(type)))
#define WR_NEW_ARRAY(a, type, n) ((type *)wr_arena_zalloc((a), (size_t)(n) * sizeof(type)))

/* Heap allocation that ends the process instead of failing; freed with free(). */
void *wr_malloc(size_t size);
void *wr_calloc(size_t n, size_t size);
void *wr_realloc(void *p, size_t size);
char *wr_strdup(const char *z);

#endif
