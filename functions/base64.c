#include "functions/base64.h"

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool wr_base64_read(wr_arena *a, wr_str text, wr_str *out)
{
	uint32_t n = text.n, bits = 0, have = 0, at = 0;
	char *to;

	if (n % 4 == 0)
		for (int k = 0; k < 2 && n && text.p[n - 1] == '='; k++)
			n--;
	if (n % 4 == 1)
		return false;
	to = wr_arena_alloc(a, n * 3ull / 4 + 1);
	for (uint32_t i = 0; i < n; i++) {
		int d = digit(text.p[i]);

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[at++] = (char)(bits >> have & 0xFF);
		}
	}
	*out = (wr_str){ to, at };
	return true;
}

void wr_base64_print(wr_str bytes, wr_buf *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)bytes.p;

	for (uint32_t i = 0; i < bytes.n; i += 3) {
		uint32_t left = bytes.n - i;
		uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
		             (left > 2 ? p[i + 2] : 0);

		wr_buf_putc(out, digits[v >> 18]);
		wr_buf_putc(out, digits[v >> 12 & 63]);
		wr_buf_putc(out, left > 1 ? digits[v >> 6 & 63] : '=');
		wr_buf_putc(out, left > 2 ? digits[v & 63] : '=');
	}
}
