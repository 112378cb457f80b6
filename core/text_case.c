#include "core/text_case.h"

#include <unicode/ucasemap.h>
#include <unicode/uchar.h>

static bool ascii(wr_str s)
{
	unsigned char any = 0;

	for (uint32_t i = 0; i < s.n; i++)
		any |= (unsigned char)s.p[i];
	return any < 0x80;
}

static wr_str ascii_case(wr_arena *a, wr_str s, bool upper)
{
	char *out = wr_arena_alloc(a, s.n + 1);

	for (uint32_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool change = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';

		out[i] = change ? (char)(c ^ 0x20) : c;
	}
	return (wr_str){ out, s.n };
}

wr_str wr_utf8_case(wr_arena *a, wr_str s, bool upper)
{
	UErrorCode status = U_ZERO_ERROR;

	if (ascii(s))
		return ascii_case(a, s, upper);
	UCaseMap *map = ucasemap_open("", 0, &status);
	int32_t room = (int32_t)s.n * 3 + 16;
	char *out = wr_arena_alloc(a, (size_t)room);
	int32_t n = upper ? ucasemap_utf8ToUpper(map, out, room, s.p, (int32_t)s.n, &status)
			  : ucasemap_utf8ToLower(map, out, room, s.p, (int32_t)s.n, &status);

	ucasemap_close(map);
	return U_FAILURE(status) ? s : (wr_str){ out, (uint32_t)n };
}

wr_char_kind wr_char_kind_of(uint32_t c)
{
	switch (u_charType((UChar32)c)) {
	case U_UPPERCASE_LETTER: return WR_CHAR_UPPER;
	case U_LOWERCASE_LETTER: return WR_CHAR_LOWER;
	case U_DECIMAL_DIGIT_NUMBER: return WR_CHAR_DIGIT;
	default: return WR_CHAR_OTHER;
	}
}
