#include "core/record.h"

#include <xxhash.h>

uint64_t wr_record_sum(const wr_record *r)
{
	uint64_t seed = r->key.p ? XXH3_64bits_withSeed(r->key.p, r->key.n, 1) : 0;

	return r->value.p ? XXH3_64bits_withSeed(r->value.p, r->value.n, seed) : seed;
}
