/* Internal to core/number*.c: the shortest decimal of a double. */
#ifndef CORE_NUMBER_SHORTEST_H
#define CORE_NUMBER_SHORTEST_H

#include <stdint.h>

/*
 * v > 0 and finite. digits * 10^*exp is the decimal with the fewest digits, two at least, that
 * reads back as v; of several the nearest to v. digits < 10^18 and may end in zeros.
 */
uint64_t wr_shortest(double v, int *exp);

#endif
