/*
 * Arenas: a chain of blocks, each handed out from the front.
 *
 * Blocks double from 4 KiB to 1 MiB; what is larger gets a block of its own. After a reset the next
 * round starts at the first block again. A round that needed several blocks is followed by one
 * block as large as all of them (up to MERGE_MAX), so that a steady batch loop soon bumps a pointer
 * and touches malloc no more.
 *
 * Under AddressSanitizer nothing that was not handed out may be touched: whole blocks are poisoned,
 * an allocation unpoisons its own bytes, and 16 poisoned bytes stay between neighbours.
 */
#include "core/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/fault.h"

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif

#ifdef ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define REDZONE	       16
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define REDZONE	       0
#endif

enum { ALIGN = 16, BLOCK_MIN = 4096, BLOCK_MAX = 1 << 20, MERGE_MAX = 16 << 20 };

typedef struct block {
	struct block *next;
	size_t size; /* of bytes */
	_Alignas(16) char bytes[];
} block;

struct wr_arena {
	block *first, *last;
	block *now;  /* where the next bytes come from; NULL before the first */
	size_t used; /* of now */
	size_t held;
};

void *wr_malloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p || WR_FAULT("io.alloc"))
		wr_no_memory(size);
	return p;
}

void *wr_calloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p || WR_FAULT("io.alloc"))
		wr_no_memory(n * size);
	return p;
}

void *wr_realloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);

	if (!q || WR_FAULT("io.alloc"))
		wr_no_memory(size);
	return q;
}

char *wr_strdup(const char *z)
{
	size_t n = strlen(z) + 1;

	return memcpy(wr_malloc(n), z, n);
}

wr_arena *wr_arena_new(void)
{
	return wr_calloc(1, sizeof(wr_arena));
}

static void free_blocks(wr_arena *a)
{
	for (block *b = a->first, *next; b; b = next) {
		next = b->next;
		UNPOISON(b->bytes, b->size);
		free(b);
	}
	a->first = a->last = a->now = NULL;
	a->held = a->used = 0;
}

void wr_arena_free(wr_arena *a)
{
	if (!a)
		return;
	free_blocks(a);
	free(a);
}

static void add_block(wr_arena *a, size_t size)
{
	block *b = wr_malloc(sizeof(block) + size);

	b->next = NULL;
	b->size = size;
	POISON(b->bytes, b->size);
	if (a->last)
		a->last->next = b;
	else
		a->first = b;
	a->last = a->now = b;
	a->used = 0;
	a->held += size;
}

void wr_arena_reset(wr_arena *a)
{
	size_t held = a->held;

	if (a->first && a->first->next && held <= MERGE_MAX) {
		free_blocks(a);
		add_block(a, held);
		return;
	}
	for (block *b = a->first; b; b = b->next)
		POISON(b->bytes, b->size);
	a->now = a->first;
	a->used = 0;
}

/* Moves on to a block with room for `size`, one kept from an earlier round or a new one. */
static void next_block(wr_arena *a, size_t size)
{
	size_t want;

	while (a->now && a->now->next) {
		a->now = a->now->next;
		a->used = 0;
		if (a->now->size >= size)
			return;
	}
	want = a->last ? a->last->size * 2 : BLOCK_MIN;
	if (want > BLOCK_MAX)
		want = BLOCK_MAX;
	add_block(a, want < size ? size : want);
}

void *wr_arena_alloc(wr_arena *a, size_t size)
{
	size_t take = ((size + ALIGN - 1) & ~(size_t)(ALIGN - 1)) + REDZONE;
	char *p;

	if (take < size)
		wr_no_memory(size);
	if (!a->now || a->now->size - a->used < take)
		next_block(a, take);
	p = a->now->bytes + a->used;
	a->used += take;
	UNPOISON(p, size);
	return p;
}

void *wr_arena_zalloc(wr_arena *a, size_t size)
{
	return memset(wr_arena_alloc(a, size), 0, size);
}

wr_str wr_arena_str(wr_arena *a, wr_str s)
{
	char *p = wr_arena_alloc(a, (size_t)s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return (wr_str){ p, s.n };
}

char *wr_arena_strdup(wr_arena *a, const char *z)
{
	size_t n = strlen(z) + 1;

	return memcpy(wr_arena_alloc(a, n), z, n);
}

wr_str wr_arena_printf(wr_arena *a, const char *format, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	WR_ASSERT(n >= 0);
	p = wr_arena_alloc(a, (size_t)n + 1);
	va_start(ap, format);
	vsnprintf(p, (size_t)n + 1, format, ap);
	va_end(ap);
	return (wr_str){ p, (uint32_t)n };
}

size_t wr_arena_bytes(const wr_arena *a)
{
	return a->held;
}
