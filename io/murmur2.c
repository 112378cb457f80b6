#include "io/topics.h"

/*
 * MurmurHash2 by Austin Appleby (public domain algorithm), 32 bits, with the seed that Kafka's Java
 * clients use.
 */
uint32_t wr_murmur2(wr_str key)
{
	const uint32_t m = 0x5bd1e995;
	const unsigned char *p = (const unsigned char *)key.p;
	uint32_t h = 0x9747b28cu ^ key.n, n = key.n;

	for (; n >= 4; n -= 4, p += 4) {
		uint32_t k = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
			     (uint32_t)p[3] << 24;

		k *= m;
		k ^= k >> 24;
		h = (h * m) ^ (k * m);
	}
	if (n) {
		for (uint32_t i = n; i-- > 0;)
			h ^= (uint32_t)p[i] << (8 * i);
		h *= m;
	}
	h ^= h >> 13;
	h *= m;
	return h ^ h >> 15;
}
