#include "core/buf.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void wr_buf_free(wr_buf *b)
{
	free(b->p);
	*b = (wr_buf){ 0 };
}

/* One byte more than asked for is kept for the closing zero. */
char *wr_buf_reserve(wr_buf *b, size_t more)
{
	size_t need = b->n + more + 1;

	if (need < more)
		wr_no_memory(more);
	if (need > b->room) {
		size_t room = b->room * 2 > 64 ? b->room * 2 : 64;

		b->room = room > need ? room : need;
		b->p = wr_realloc(b->p, b->room);
	}
	return b->p + b->n;
}

void wr_buf_put(wr_buf *b, const void *p, size_t n)
{
	char *to = wr_buf_reserve(b, n);

	if (n)
		memcpy(to, p, n);
	b->n += n;
	b->p[b->n] = 0;
}

void wr_buf_puts(wr_buf *b, const char *z)
{
	wr_buf_put(b, z, strlen(z));
}

void wr_buf_putc(wr_buf *b, char c)
{
	wr_buf_put(b, &c, 1);
}

void wr_buf_printf(wr_buf *b, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	WR_ASSERT(n >= 0);
	wr_buf_reserve(b, (size_t)n);
	va_start(ap, format);
	vsnprintf(b->p + b->n, (size_t)n + 1, format, ap);
	va_end(ap);
	b->n += (size_t)n;
}

static void quote(wr_buf *b, wr_str s, char q)
{
	wr_buf_putc(b, q);
	for (uint32_t i = 0; i < s.n; i++) {
		if (s.p[i] == q)
			wr_buf_putc(b, q);
		wr_buf_putc(b, s.p[i]);
	}
	wr_buf_putc(b, q);
}

void wr_buf_quote_name(wr_buf *b, wr_str name)
{
	quote(b, name, '`');
}

void wr_buf_quote_text(wr_buf *b, wr_str text)
{
	quote(b, text, '\'');
}

const char *wr_buf_z(wr_buf *b)
{
	if (!b->p)
		return "";
	b->p[b->n] = 0;
	return b->p;
}

void wr_buf_u32(wr_buf *b, uint32_t v)
{
	v = htole32(v);
	wr_buf_put(b, &v, sizeof(v));
}

void wr_buf_u64(wr_buf *b, uint64_t v)
{
	v = htole64(v);
	wr_buf_put(b, &v, sizeof(v));
}
