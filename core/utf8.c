#include "core/utf8.h"

unsigned wr_utf8_get(const char *p, const char *end, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)p;
	unsigned n;
	uint32_t v;

	if (p >= end)
		return 0;
	n = u[0] < 0x80	  ? 1
	    : u[0] < 0xC2 ? 0
	    : u[0] < 0xE0 ? 2
	    : u[0] < 0xF0 ? 3
	    : u[0] < 0xF5 ? 4
			  : 0;
	if (n == 0 || (size_t)(end - p) < n)
		return 0;
	v = n == 1 ? u[0] : u[0] & (0x7Fu >> n);
	for (unsigned i = 1; i < n; i++) {
		if ((u[i] & 0xC0) != 0x80)
			return 0;
		v = v << 6 | (u[i] & 0x3F);
	}
	if (v < least[n] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
		return 0;
	if (c)
		*c = v;
	return n;
}

unsigned wr_utf8_put(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xC0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xE0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3F));
		to[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	to[0] = (char)(0xF0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3F));
	to[2] = (char)(0x80 | (c >> 6 & 0x3F));
	to[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

/* Eight bytes of ASCII at a time: nearly all text is. */
bool wr_utf8_valid(wr_str s)
{
	const char *p = s.p, *end = p + s.n;

	while (p < end) {
		uint64_t word;
		unsigned n;

		if (end - p >= 8) {
			memcpy(&word, p, 8);
			if (!(word & 0x8080808080808080u)) {
				p += 8;
				continue;
			}
		}
		n = wr_utf8_get(p, end, NULL);
		if (!n)
			return false;
		p += n;
	}
	return true;
}

uint32_t wr_utf8_length(wr_str s)
{
	const char *p = s.p, *end = p + s.n;
	uint32_t count = 0;

	for (; p < end; count++) {
		unsigned n = wr_utf8_get(p, end, NULL);

		p += n ? n : 1;
	}
	return count;
}
