/* Did you mean: the nearest of some names. */
#ifndef CORE_NEAR_H
#define CORE_NEAR_H

#include "core/str.h"

typedef struct wr_near {
	wr_str wanted;
	wr_str best; /* p == NULL: nothing near so far */
	uint32_t distance;
} wr_near;

static inline wr_near wr_near_begin(wr_str wanted)
{
	return (wr_near){ .wanted = wanted };
}
/*
 * Offers a candidate; the first of the nearest stays. Letters compare without regard to case;
 * swapped neighbours count as one edit.
 */
void wr_near_offer(wr_near *n, wr_str candidate);
/* The nearest name, or NULL text. */
static inline wr_str wr_near_best(const wr_near *n)
{
	return n->best;
}
/* Of an array of names; NULL when none is near. */
const char *wr_near_of(wr_str wanted, const char *const *names, uint32_t n);

#endif
