#include "core/base64.h"

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a character, or over 63. */
static inline unsigned value_of(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26u;
	if (c >= '0' && c <= '9')
		return c - '0' + 52u;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Padding may be left out. */
static bool decode(wr_str text, char *to, uint32_t *n)
{
	uint32_t len = text.n, got = 0, word = 0, have = 0;

	if (len % 4 == 0)
		for (int pad = 0; pad < 2 && len && text.p[len - 1] == '='; pad++)
			len--;
	if (len % 4 == 1)
		return false;
	for (uint32_t i = 0; i < len; i++) {
		unsigned v = value_of((unsigned char)text.p[i]);

		if (v > 63)
			return false;
		word = word << 6 | v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[got++] = (char)(word >> have);
		}
	}
	*n = got;
	return true;
}

bool wr_base64_decode(wr_str text, char *to, uint32_t *n)
{
	return text.n % 4 == 0 && decode(text, to, n);
}

bool wr_base64_read(wr_arena *a, wr_str text, wr_str *out)
{
	char *to = wr_arena_alloc(a, WR_BASE64_ROOM(text.n));

	out->p = to;
	return decode(text, to, &out->n);
}

void wr_base64_encode(wr_str bytes, wr_buf *out)
{
	char *to = wr_buf_reserve(out, ((size_t)bytes.n + 2) / 3 * 4), *from = to;
	const unsigned char *p = (const unsigned char *)bytes.p;
	uint32_t i = 0;

	for (; i + 2 < bytes.n; i += 3) {
		*to++ = alphabet[p[i] >> 2];
		*to++ = alphabet[(p[i] & 3) << 4 | p[i + 1] >> 4];
		*to++ = alphabet[(p[i + 1] & 15) << 2 | p[i + 2] >> 6];
		*to++ = alphabet[p[i + 2] & 63];
	}
	if (i < bytes.n) {
		unsigned second = i + 1 < bytes.n ? p[i + 1] : 0;

		*to++ = alphabet[p[i] >> 2];
		*to++ = alphabet[(p[i] & 3) << 4 | second >> 4];
		*to++ = i + 1 < bytes.n ? alphabet[(second & 15) << 2] : '=';
		*to++ = '=';
	}
	out->n += (size_t)(to - from);
	out->p[out->n] = 0;
}
