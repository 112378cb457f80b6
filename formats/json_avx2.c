/*
 * The JSON pass with AVX2 and carry-less multiplication, for machines that have them (asked at run
 * time).
 */
#include "formats/json_read.h"

#if defined(__x86_64__)

#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,pclmul,bmi,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,pclmul,bmi,popcnt")
#endif

static inline __m256i load32(const char *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

static inline uint32_t bits(__m256i x)
{
	return (uint32_t)_mm256_movemask_epi8(x);
}

static inline bool same_name(const char *p, const char *end, const wr_jread_member *m)
{
	uint32_t same;

	if (__builtin_expect(end - p < 32, 0))
		return end - p >= m->n && !memcmp(p, m->text, m->n);
	same = bits(_mm256_cmpeq_epi8(load32(p), load32(m->quoted)));
	if ((same & m->mask) != m->mask)
		return false;
	return m->n <= 32 || (end - p >= m->n && !memcmp(p + 32, m->text + 32, m->n - 32));
}

/* Quotes, backslashes, control characters. */
static inline uint32_t stops(__m256i x)
{
	__m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x);
	__m256i quote = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('"'));
	__m256i escape = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\'));

	return bits(_mm256_or_si256(_mm256_or_si256(quote, escape), control));
}

static inline const char *string_stop_tail(const char *p, const char *end, bool *high)
{
	for (; p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\'; p++)
		*high |= (unsigned char)*p > 127;
	return p;
}

static inline const char *string_stop(const char *p, const char *end, bool *high)
{
	__m256i x;
	uint32_t hits, over;

	for (; end - p >= 32; p += 32) {
		x = load32(p);
		hits = stops(x);
		over = bits(x);
		if (hits) {
			*high |= (over & (hits ^ (hits - 1))) != 0;
			return p + __builtin_ctz(hits);
		}
		*high |= over != 0;
	}
	return string_stop_tail(p, end, high);
}

/*
 * Blanks and other control characters, quotes, commas, plus signs … all up to a comma; colons;
 * brackets and what lies above.
 */
static inline uint32_t scalar_stops(__m256i x)
{
	__m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(',')), x);
	__m256i colon = _mm256_cmpeq_epi8(x, _mm256_set1_epi8(':'));
	__m256i folded = _mm256_or_si256(x, _mm256_set1_epi8(0x20));
	__m256i bracket = _mm256_cmpeq_epi8(_mm256_max_epu8(folded, _mm256_set1_epi8('{')), folded);

	return bits(_mm256_or_si256(_mm256_or_si256(low, colon), bracket));
}

static inline const char *scalar_stop(const char *p, const char *end)
{
	uint32_t hits;

	while (end - p >= 32) {
		hits = scalar_stops(load32(p));
		if (!hits) {
			p += 32;
			continue;
		}
		p += __builtin_ctz(hits);
		if (*p != '+')
			return p;
		p++;
	}
	while ((unsigned char)*p > ',' || *p == '+') {
		if (*p == ':' || ((unsigned char)*p | 0x20) >= '{')
			break;
		p++;
	}
	return p;
}

/* What 64 bytes hold, a bit per byte. */
typedef struct block {
	uint64_t quotes, escapes, opening, closing;
} block;

static inline uint64_t equal(__m256i low, __m256i high, char c)
{
	__m256i wanted = _mm256_set1_epi8(c);

	return bits(_mm256_cmpeq_epi8(low, wanted)) |
	       (uint64_t)bits(_mm256_cmpeq_epi8(high, wanted)) << 32;
}

static inline block look(const char *p)
{
	const __m256i fold = _mm256_set1_epi8(0x20); /* makes [ { and ] } alike */
	__m256i low = load32(p), high = load32(p + 32);
	block b = { .quotes = equal(low, high, '"'), .escapes = equal(low, high, '\\') };

	low = _mm256_or_si256(low, fold);
	high = _mm256_or_si256(high, fold);
	b.opening = equal(low, high, '{');
	b.closing = equal(low, high, '}');
	return b;
}

static const char *skip_nested(wr_jread *r, const char *p, char open);

#include "formats/json_walk.inc"

#include "formats/json_skip.inc"

static const wr_jread_walker walker = {
	"avx2", walk_object, walk_value, read_token, read_object, read_slot,
};

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const wr_jread_walker *wr_jread_avx2(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
	    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt"))
		return &walker;
	return NULL;
}

#else

const wr_jread_walker *wr_jread_avx2(void)
{
	return NULL;
}

#endif
