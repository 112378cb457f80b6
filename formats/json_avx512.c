/*
 * The JSON pass with AVX-512 (byte and word, vector length), for machines that have it in its
 * second generation; the first ones slow their clock for it. Comparisons give bit masks at once,
 * and masked loads read nothing beyond the end.
 */
#include "formats/json_read.h"

#if defined(__x86_64__)

#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target(                                                \
				 "avx512f,avx512bw,avx512vl,avx2,pclmul,bmi,bmi2,popcnt"))),       \
			     apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx2,pclmul,bmi,bmi2,popcnt")
#endif

/* Up to 32 bytes, zeros behind the end. */
static inline __m256i load32(const char *p, const char *end)
{
	if (__builtin_expect(end - p >= 32, 1))
		return _mm256_loadu_si256((const __m256i *)p);
	return _mm256_maskz_loadu_epi8(_bzhi_u32(~0u, (unsigned)(end - p)), p);
}

static inline bool same_name(const char *p, const char *end, const wr_jread_member *m)
{
	__m256i want = _mm256_loadu_si256((const __m256i *)m->quoted);

	if (_mm256_mask_cmpneq_epi8_mask(m->mask, load32(p, end), want) || end - p < m->n)
		return false;
	return m->n <= 32 || !memcmp(p + 32, m->text + 32, m->n - 32);
}

static inline const char *string_stop(const char *p, const char *end, bool *high)
{
	for (; p < end; p += 32) {
		__m256i x = load32(p, end);
		uint32_t hits = _mm256_cmpeq_epi8_mask(x, _mm256_set1_epi8('"')) |
				_mm256_cmpeq_epi8_mask(x, _mm256_set1_epi8('\\')) |
				_mm256_cmplt_epu8_mask(x, _mm256_set1_epi8(0x20));
		uint32_t over = (uint32_t)_mm256_movemask_epi8(x);

		if (hits) {
			*high |= (over & (hits ^ (hits - 1))) != 0;
			p += __builtin_ctz(hits);
			return p < end ? p : end;
		}
		*high |= over != 0;
	}
	return end;
}

/*
 * All up to a comma, colons, and what lies above { when [ is folded into it; a plus sign belongs to
 * a number.
 */
static inline const char *scalar_stop(const char *p, const char *end)
{
	for (;;) {
		__m256i x = load32(p, end);
		__m256i folded = _mm256_or_si256(x, _mm256_set1_epi8(0x20));
		uint32_t hits = _mm256_cmple_epu8_mask(x, _mm256_set1_epi8(',')) |
				_mm256_cmpeq_epi8_mask(x, _mm256_set1_epi8(':')) |
				_mm256_cmpge_epu8_mask(folded, _mm256_set1_epi8('{'));

		if (!hits) {
			p += 32;
			continue;
		}
		p += __builtin_ctz(hits);
		if (*p != '+')
			return p;
		p++;
	}
}

/* What 64 bytes hold, a bit per byte. */
typedef struct block {
	uint64_t quotes, escapes, opening, closing;
} block;

static inline block look(const char *p)
{
	__m512i x = _mm512_loadu_si512(p);
	__m512i folded = _mm512_or_si512(x, _mm512_set1_epi8(0x20)); /* makes [ { and ] } alike */

	return (block){
		.quotes = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('"')),
		.escapes = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\\')),
		.opening = _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8('{')),
		.closing = _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8('}')),
	};
}

static const char *skip_nested(wr_jread *r, const char *p, char open);

#include "formats/json_walk.inc"

#include "formats/json_skip.inc"

static const wr_jread_walker walker = {
	"avx512", walk_object, walk_value, read_token, read_object, read_slot,
};

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const wr_jread_walker *wr_jread_avx512(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("pclmul") &&
	    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))
		return &walker;
	return NULL;
}

#else

const wr_jread_walker *wr_jread_avx512(void)
{
	return NULL;
}

#endif
