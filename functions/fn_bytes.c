/*
 * Texts as bytes and bytes as texts: ENCODE, TO_BYTES, FROM_BYTES, numbers out of bytes, CHR, UUID,
 * MD5.
 *
 * Four encodings: hex, utf8, ascii, base64. A STRING of ours is always UTF-8, so what Java does
 * when characters do not fit is done here by hand: a character beyond ASCII becomes '?' on the way
 * to bytes, a byte that is no character becomes U+FFFD on the way back.
 *
 * ENCODE also takes hexadecimal in the ways people write it: 0x4578 (an odd first digit stands for
 * itself) and X'4578'.
 *
 *	ENCODE('4578', 'hex', 'utf8')   'Ex'
 */
#include "core/base64.h"
#include "core/number.h"
#include "core/utf8.h"
#include "functions/families.h"
#include "functions/kernel.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#define STR(k, row) WR_ARG(wr_str, k, row)

typedef enum encoding { HEX, UTF8, ASCII, BASE64, UNKNOWN } encoding;

static encoding encoding_of(wr_str name)
{
	static const char *const names[] = { "hex", "utf8", "ascii", "base64" };
	int i = 0;

	while (i < UNKNOWN && !wr_str_ieq(name, wr_str_of(names[i])))
		i++;
	return (encoding)i;
}

/* ---------------------------------------------------------------- text to bytes */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* An odd number of digits: the first one is a byte of its own if `odd` allows it. */
static bool read_hex(wr_arena *a, wr_str s, bool odd, wr_str *out)
{
	char *to = wr_arena_alloc(a, s.n / 2 + 1);
	uint32_t n = 0, half = s.n % 2;
	int v = 0;

	if (half && !odd)
		return false;
	for (uint32_t i = 0; i < s.n; i++) {
		int d = hex_digit(s.p[i]);

		if (d < 0)
			return false;
		v = v << 4 | d;
		if ((i + half) % 2 == 1) {
			to[n++] = (char)v;
			v = 0;
		}
	}
	*out = (wr_str){ to, n };
	return true;
}

static bool read_written_hex(wr_arena *a, wr_str s, wr_str *out)
{
	if (s.n >= 2 && s.p[0] == '0' && (s.p[1] | 32) == 'x')
		return read_hex(a, (wr_str){ s.p + 2, s.n - 2 }, true, out);
	if (s.n >= 2 && (s.p[0] | 32) == 'x' && s.p[1] == '\'') {
		if (s.n < 3 || s.p[s.n - 1] != '\'')
			return false;
		return read_hex(a, (wr_str){ s.p + 2, s.n - 3 }, false, out);
	}
	return read_hex(a, s, false, out);
}

static wr_str to_ascii(wr_arena *a, wr_str s)
{
	char *to = wr_arena_alloc(a, s.n);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s.n; i++)
		if ((s.p[i] & 0xc0) != 0x80)
			to[n++] = s.p[i] & 0x80 ? '?' : s.p[i];
	return (wr_str){ to, n };
}

static bool read_bytes(wr_arena *a, encoding e, wr_str s, wr_str *out)
{
	switch (e) {
	case HEX: return read_hex(a, s, false, out);
	case BASE64: return wr_base64_read(a, s, out);
	case ASCII: *out = to_ascii(a, s); return true;
	default: *out = s; return true;
	}
}

/* ---------------------------------------------------------------- bytes to text */

static void print_hex(wr_str b, bool upper, wr_buf *out)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (uint32_t i = 0; i < b.n; i++) {
		wr_buf_putc(out, digits[(unsigned char)b.p[i] >> 4]);
		wr_buf_putc(out, digits[b.p[i] & 15]);
	}
}

static void print_ascii(wr_str b, wr_buf *out)
{
	for (uint32_t i = 0; i < b.n; i++)
		if (b.p[i] & 0x80)
			wr_buf_puts(out, "\xef\xbf\xbd");
		else
			wr_buf_putc(out, b.p[i]);
}

static void print_utf8(wr_str b, wr_buf *out)
{
	const char *p = b.p, *end = b.p + b.n;

	while (p < end) {
		unsigned n = wr_utf8_get(p, end, NULL);

		if (n) {
			wr_buf_put(out, p, n);
			p += n;
			continue;
		}
		wr_buf_puts(out, "\xef\xbf\xbd");
		p++;
	}
}

static void print_bytes(encoding e, wr_str b, bool upper, wr_buf *out)
{
	if (e == HEX)
		print_hex(b, upper, out);
	else if (e == BASE64)
		wr_base64_encode(b, out);
	else if (e == ASCII)
		print_ascii(b, out);
	else
		print_utf8(b, out);
}

/* ---------------------------------------------------------------- ENCODE, TO_BYTES, FROM_BYTES */

static bool known(wr_fn_cx *cx, wr_vec *out, uint32_t row, wr_str name, encoding *e)
{
	*e = encoding_of(name);
	if (*e != UNKNOWN)
		return true;
	wr_fn_fail(cx, out, row, "%.*s is no encoding; there are hex, utf8, ascii and base64",
		   WR_STR_ARG(name));
	return false;
}

static void eval_encode(WR_KERNEL)
{
	wr_buf text = { 0 };

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		encoding from, to;
		wr_str b;

		if (wr_fn_null(cx, i) || !known(cx, out, i, STR(1, i), &from) ||
		    !known(cx, out, i, STR(2, i), &to))
			continue;
		if (from == HEX ? !read_written_hex(cx->arena, STR(0, i), &b)
				: !read_bytes(cx->arena, from, STR(0, i), &b)) {
			wr_fn_fail(cx, out, i, "the text is not %.*s", WR_STR_ARG(STR(1, i)));
			continue;
		}
		wr_buf_reset(&text);
		print_bytes(to, b, false, &text);
		wr_out_str(out, i, wr_arena_str(cx->arena, wr_buf_view(&text)));
	}
	wr_buf_free(&text);
}

static void eval_to_bytes(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		encoding e;
		wr_str b;

		if (wr_fn_null(cx, i) || !known(cx, out, i, STR(1, i), &e))
			continue;
		if (read_bytes(cx->arena, e, STR(0, i), &b))
			wr_out_str(out, i, b);
		else
			wr_fn_fail(cx, out, i, "the text is not %.*s", WR_STR_ARG(STR(1, i)));
	}
}

static void eval_from_bytes(WR_KERNEL)
{
	wr_buf text = { 0 };

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		encoding e;

		if (wr_fn_null(cx, i) || !known(cx, out, i, STR(1, i), &e))
			continue;
		wr_buf_reset(&text);
		print_bytes(e, STR(0, i), true, &text);
		wr_out_str(out, i, wr_arena_str(cx->arena, wr_buf_view(&text)));
	}
	wr_buf_free(&text);
}

/* ---------------------------------------------------------------- numbers out of bytes */

/* The bytes of a row as a number; false: the row failed (or is null). */
static bool number_at(wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, wr_vec *out,
		      uint32_t row, uint32_t size, uint64_t *v)
{
	wr_str b = STR(0, row), order = nargs > 1 ? STR(1, row) : WR_STR_LIT("BIG_ENDIAN");
	bool little = wr_str_ieq(order, WR_STR_LIT("LITTLE_ENDIAN"));

	*v = 0;
	if (wr_fn_null(cx, row))
		return false;
	if (!little && !wr_str_ieq(order, WR_STR_LIT("BIG_ENDIAN"))) {
		wr_fn_fail(cx, out, row,
			   "%.*s is no byte order; there are BIG_ENDIAN and LITTLE_ENDIAN",
			   WR_STR_ARG(order));
		return false;
	}
	if (b.n != size) {
		wr_fn_fail(cx, out, row, "the number takes %u bytes, not %u", size, b.n);
		return false;
	}
	for (uint32_t i = 0; i < size; i++)
		*v = *v << 8 | (unsigned char)b.p[little ? size - 1 - i : i];
	return true;
}

static void eval_int(WR_KERNEL)
{
	uint64_t v;

	for (uint32_t i = 0; i < cx->rows; i++)
		if (number_at(cx, args, nargs, out, i, 4, &v))
			((int32_t *)out->data)[i] = (int32_t)(uint32_t)v;
}

/* BIGINT and DOUBLE: the eight bytes as they are. */
static void eval_long(WR_KERNEL)
{
	uint64_t v;

	for (uint32_t i = 0; i < cx->rows; i++)
		if (number_at(cx, args, nargs, out, i, 8, &v))
			memcpy((char *)out->data + (size_t)i * 8, &v, 8);
}

/* ---------------------------------------------------------------- CHR */

static void put_char(wr_fn_cx *cx, wr_vec *out, uint32_t row, int64_t c)
{
	char *to;

	if (c < 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
		wr_vec_set_null(out, cx->arena, row);
		return;
	}
	to = wr_arena_alloc(cx->arena, 4);
	wr_out_str(out, row, (wr_str){ to, wr_utf8_put(to, (uint32_t)c) });
}

static void eval_chr(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_null(cx, i))
			put_char(cx, out, i, WR_ARG(int32_t, 0, i));
}

/* The unit of \uXXXX at p, or -1. */
static int32_t unit_at(const char *p)
{
	int32_t v = 0;

	if (p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int d = hex_digit(p[i]);

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* One unit, or a pair of surrogates. */
static int64_t written_char(wr_str s)
{
	int32_t high = s.n == 6 || s.n == 12 ? unit_at(s.p) : -1, low;

	if (high < 0 || s.n == 6)
		return high;
	low = unit_at(s.p + 6);
	if (high < 0xd800 || high >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
		return -1;
	return 0x10000 + ((int64_t)(high - 0xd800) << 10) + (low - 0xdc00);
}

static void eval_chr_text(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_null(cx, i))
			put_char(cx, out, i, written_char(STR(0, i)));
}

/* ---------------------------------------------------------------- UUID */

static void print_uuid(wr_fn_cx *cx, wr_vec *out, uint32_t row, const unsigned char b[16])
{
	char *to = wr_arena_alloc(cx->arena, 36);
	uint32_t n = 0;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			to[n++] = '-';
		to[n++] = "0123456789abcdef"[b[i] >> 4];
		to[n++] = "0123456789abcdef"[b[i] & 15];
	}
	wr_out_str(out, row, (wr_str){ to, n });
}

/* Version 4: random. */
static void eval_uuid(WR_KERNEL)
{
	unsigned char *all = wr_arena_alloc(cx->arena, 16ul * cx->rows);

	(void)args, (void)nargs;
	if (RAND_bytes(all, (int)(16 * cx->rows)) != 1)
		WR_BUG("the system gives no random bytes");
	for (uint32_t i = 0; i < cx->rows; i++) {
		unsigned char *b = all + 16ul * i;

		b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
		b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
		print_uuid(cx, out, i, b);
	}
}

static void eval_uuid_of(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		if (wr_fn_null(cx, i))
			continue;
		if (STR(0, i).n == 16)
			print_uuid(cx, out, i, (const unsigned char *)STR(0, i).p);
		else
			wr_vec_set_null(out, cx->arena, i);
	}
}

/* ---------------------------------------------------------------- MD5 */

static void eval_md5(WR_KERNEL)
{
	wr_buf text = { 0 };

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		unsigned char sum[EVP_MAX_MD_SIZE];
		unsigned n = 0;
		wr_str s = STR(0, i);

		if (wr_fn_null(cx, i))
			continue;
		if (EVP_Digest(s.n ? s.p : "", s.n, sum, &n, EVP_md5(), NULL) != 1) {
			wr_fn_fail(cx, out, i, "this computer's OpenSSL does not allow MD5");
			continue;
		}
		wr_buf_reset(&text);
		print_hex((wr_str){ (const char *)sum, n }, false, &text);
		wr_out_str(out, i, wr_arena_str(cx->arena, wr_buf_view(&text)));
	}
	wr_buf_free(&text);
}

#define STRICT WR_FN_STRICT | WR_FN_PURE

const wr_fn wr_fns_bytes[] = {
	{ "ENCODE", "STRING, STRING, STRING", "STRING", STRICT, eval_encode, NULL,
	  "A text of one encoding (hex, utf8, ascii, base64) in another.",
	  "ENCODE('4578616d706c65', 'hex', 'utf8') => 'Example'" },
	{ "TO_BYTES", "STRING, STRING", "BYTES", STRICT, eval_to_bytes, NULL,
	  "The bytes that a text of an encoding (hex, utf8, ascii, base64) stands for.",
	  "TO_BYTES('6162', 'hex') => TO_BYTES('YWI=', 'base64')" },
	{ "FROM_BYTES", "BYTES, STRING", "STRING", STRICT, eval_from_bytes, NULL,
	  "Bytes as a text in an encoding (hex, utf8, ascii, base64).",
	  "FROM_BYTES(TO_BYTES('ab', 'utf8'), 'base64') => 'YWI='" },
	{ "INT_FROM_BYTES", "BYTES, STRING?", "INTEGER", STRICT, eval_int, NULL,
	  "Four bytes as an INTEGER, BIG_ENDIAN unless told LITTLE_ENDIAN.",
	  "INT_FROM_BYTES(TO_BYTES('000007E5', 'hex')) => 2021" },
	{ "BIGINT_FROM_BYTES", "BYTES, STRING?", "BIGINT", STRICT, eval_long, NULL,
	  "Eight bytes as a BIGINT, BIG_ENDIAN unless told LITTLE_ENDIAN.",
	  "BIGINT_FROM_BYTES(TO_BYTES('0100000000000000', 'hex'), 'LITTLE_ENDIAN') => 1" },
	{ "DOUBLE_FROM_BYTES", "BYTES, STRING?", "DOUBLE", STRICT, eval_long, NULL,
	  "Eight bytes as a DOUBLE, BIG_ENDIAN unless told LITTLE_ENDIAN.",
	  "DOUBLE_FROM_BYTES(TO_BYTES('3FF8000000000000', 'hex')) => 1.5E0" },
	{ "CHR", "INTEGER", "STRING", STRICT, eval_chr, NULL,
	  "The character of a code point; null where there is none.", "CHR(75) => 'K'" },
	{ "CHR", "STRING", "STRING", STRICT, eval_chr_text, NULL,
	  "The character written as \\uXXXX, or as a pair of these; null for anything else.",
	  "CHR('\\u004b') => 'K'" },
	{ "UUID", "", "STRING", 0, eval_uuid, NULL, "A new random identifier.", NULL },
	{ "UUID", "BYTES", "STRING", STRICT, eval_uuid_of, NULL,
	  "The identifier of sixteen bytes; null for any other number of bytes.",
	  "UUID(TO_BYTES('000102030405060708090a0b0c0d0e0f', 'hex')) => "
	  "'00010203-0405-0607-0809-0a0b0c0d0e0f'" },
	{ "MD5", "STRING", "STRING", STRICT, eval_md5, NULL,
	  "The MD5 sum of the text, in hexadecimal.",
	  "MD5('') => 'd41d8cd98f00b204e9800998ecf8427e'" },
	{ 0 },
};
