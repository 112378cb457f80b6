/*
 * wr_buf: a byte string that grows. Owns its memory; wr_buf_free gives it back. Zero-initialised is
 * empty.
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include "core/arena.h"

typedef struct wr_buf {
	char *p; /* NULL while nothing was ever put in; else has a zero behind n */
	size_t n, room;
} wr_buf;

void wr_buf_free(wr_buf *b);
static inline void wr_buf_reset(wr_buf *b)
{
	b->n = 0;
}
/* Makes room for `more` bytes behind n and returns where they go; the caller then adds to b->n. */
char *wr_buf_reserve(wr_buf *b, size_t more);
void wr_buf_put(wr_buf *b, const void *p, size_t n);
void wr_buf_puts(wr_buf *b, const char *z);
void wr_buf_putc(wr_buf *b, char c);
void wr_buf_printf(wr_buf *b, const char *format, ...) WR_PRINTF(2, 3);
static inline void wr_buf_str(wr_buf *b, wr_str s)
{
	wr_buf_put(b, s.p, s.n);
}
/* `name`, with back-quotes in it doubled: how schemas and types show names. */
void wr_buf_quote_name(wr_buf *b, wr_str name);
/* 'text', with quotes in it doubled: an SQL string literal. */
void wr_buf_quote_text(wr_buf *b, wr_str text);
/* The content as a zero-terminated string; "" when empty. Valid until the next change. */
const char *wr_buf_z(wr_buf *b);
static inline wr_str wr_buf_view(const wr_buf *b)
{
	return (wr_str){ b->p, (uint32_t)b->n };
}

/* Fixed-width numbers, little-endian, for our own files. */
void wr_buf_u32(wr_buf *b, uint32_t v);
void wr_buf_u64(wr_buf *b, uint64_t v);

#endif
