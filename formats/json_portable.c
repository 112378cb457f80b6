/*
 * The JSON pass in plain C, for machines without AVX2: eight bytes a step in strings, else byte by
 * byte.
 */
#include "formats/json_read.h"

static inline bool same_name(const char *p, const char *end, const wr_jread_member *m)
{
	return end - p >= m->n && !memcmp(p, m->text, m->n);
}

/* 0x80 in the bytes of x that equal c (and, harmlessly, in some above the lowest such). */
static inline uint64_t equal_bytes(uint64_t x, unsigned char c)
{
	x ^= 0x0101010101010101ull * c;
	return (x - 0x0101010101010101ull) & ~x & 0x8080808080808080ull;
}

static inline const char *string_stop(const char *p, const char *end, bool *high)
{
	uint64_t x;

	while (end - p >= 8) {
		memcpy(&x, p, 8);
		if (equal_bytes(x, '"') | equal_bytes(x, '\\') |
		    ((x - 0x2020202020202020ull) & ~x & 0x8080808080808080ull))
			break;
		*high |= (x & 0x8080808080808080ull) != 0;
		p += 8;
	}
	for (; p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\'; p++)
		*high |= (unsigned char)*p > 127;
	return p;
}

static inline const char *scalar_stop(const char *p, const char *end)
{
	(void)end;
	while ((unsigned char)*p > ',' || *p == '+') {
		unsigned char folded = (unsigned char)*p | 0x20;

		if (*p == ':' || folded >= '{')
			break;
		p++;
	}
	return p;
}

static const char *skip_nested(wr_jread *r, const char *p, char open);

#include "formats/json_walk.inc"

static const char *skip_nested(wr_jread *r, const char *p, char open)
{
	nesting nest;

	nest.depth = 0;
	nest_open(&nest, open);
	for (; p < r->end; p++) {
		switch (*p) {
		case '"':
			p = nested_string_end(r, p + 1);
			if (!p)
				return NULL;
			break;
		case '\\': return wr_jread_refuse(r, p, "a backslash stands outside of a string");
		case '{':
		case '[':
			if (!nest_open(&nest, *p))
				return wr_jread_refuse(r, p, TOO_DEEP);
			break;
		case '}':
		case ']':
			if (!nest_close(&nest, *p))
				return wr_jread_refuse(r, p, BRACKETS);
			if (nest.depth == 0)
				return p + 1;
			break;
		}
	}
	return wr_jread_refuse(r, p, CUT_OFF);
}

const wr_jread_walker wr_jread_portable = {
	"portable", walk_object, walk_value, read_token, read_object, read_slot,
};

const wr_jread_walker *wr_jread_fastest(void)
{
	const wr_jread_walker *best = wr_jread_avx512();

	if (!best)
		best = wr_jread_avx2();
	return best ? best : &wr_jread_portable;
}
