/*
 * wr_str: bytes by pointer and length, borrowed. Never zero-terminated by promise; whoever owns the
 * bytes (a message, an arena) says how long they live.
 */
#ifndef CORE_STR_H
#define CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct wr_str {
	const char *p;
	uint32_t n; /* bytes */
} wr_str;

/* Printf arguments for "%.*s". */
#define WR_STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

#define WR_STR_LIT(lit) ((wr_str){ (lit), (uint32_t)(sizeof(lit) - 1) })

static inline wr_str wr_str_of(const char *z)
{
	return (wr_str){ z, z ? (uint32_t)strlen(z) : 0 };
}

static inline bool wr_str_eq(wr_str a, wr_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool wr_str_is(wr_str a, const char *z)
{
	return wr_str_eq(a, wr_str_of(z));
}

/* Equality without regard to ASCII case. */
bool wr_str_ieq(wr_str a, wr_str b);

/* memcmp order; a prefix sorts first. Returns <0, 0 or >0. */
int wr_str_cmp(wr_str a, wr_str b);

#endif
