/*
 * Keys of one store mostly share their beginning and differ in the few bytes behind it. So: find
 * the common beginning, take the next 8 bytes as a number, sort by it with one counting pass per
 * byte that differs at all, and sort runs of equal numbers in the same way. Few items are compared
 * directly.
 *
 * Those passes need a second array. Many items are therefore first parted in place, by the highest
 * byte that differs, until a part is small: then the second array is small too, and both stay in
 * the processor's cache.
 */
#include "state/sort.h"

#include <endian.h>
#include <stdlib.h>

enum { FEW = 48, MANY = 32768 };

static int cmp_items(const void *x, const void *y)
{
	return wr_str_cmp(((const wr_sort_item *)x)->key, ((const wr_sort_item *)y)->key);
}

static void sort_few(wr_sort_item *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		wr_sort_item it = items[i];
		size_t at = i;

		for (; at > 0 && wr_str_cmp(it.key, items[at - 1].key) < 0; at--)
			items[at] = items[at - 1];
		items[at] = it;
	}
}

/* Length of the beginning that all keys share; it is known up to `from`. */
static uint32_t common(const wr_sort_item *items, size_t n, uint32_t from)
{
	const char *first = items[0].key.p;
	uint32_t len = items[0].key.n;

	for (size_t i = 1; i < n; i++) {
		wr_str k = items[i].key;
		uint32_t at = from;

		if (k.n < len)
			len = k.n;
		while (at < len && k.p[at] == first[at])
			at++;
		len = at;
	}
	return len;
}

static uint64_t part_of(wr_str key, uint32_t at)
{
	uint64_t v = 0;

	if (key.n - at >= 8) {
		memcpy(&v, key.p + at, 8);
		return be64toh(v);
	}
	for (uint32_t i = at; i < key.n; i++)
		v |= (uint64_t)(unsigned char)key.p[i] << (56 - 8 * (i - at));
	return v;
}

/* One stable pass by the byte at `shift`, from items to out. */
static void pass(const wr_sort_item *items, wr_sort_item *out, size_t n, unsigned shift)
{
	size_t at[256] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[items[i].part >> shift & 0xFF]++;
	for (int b = 0; b < 256; b++) {
		size_t m = at[b];

		at[b] = sum;
		sum += m;
	}
	for (size_t i = 0; i < n; i++)
		out[at[items[i].part >> shift & 0xFF]++] = items[i];
}

static uint64_t differing(const wr_sort_item *items, size_t n)
{
	uint64_t differ = 0;

	for (size_t i = 1; i < n; i++)
		differ |= items[i].part ^ items[0].part;
	return differ;
}

static void by_passes(wr_sort_item *items, wr_sort_item *spare, size_t n)
{
	uint64_t differ = differing(items, n);
	wr_sort_item *from = items, *to = spare;

	for (unsigned shift = 0; shift < 64; shift += 8) {
		wr_sort_item *swap = from;

		if (!(differ >> shift & 0xFF))
			continue;
		pass(from, to, n, shift);
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, n * sizeof(*items));
}

/* Moves each item to the stretch of its byte at `shift`: end[b] is where that of b ends. */
static void part_in_place(wr_sort_item *items, size_t n, unsigned shift, size_t end[256])
{
	size_t at[256], sum = 0;

	memset(end, 0, 256 * sizeof(*end));
	for (size_t i = 0; i < n; i++)
		end[items[i].part >> shift & 0xFF]++;
	for (int b = 0; b < 256; b++) {
		at[b] = sum;
		sum += end[b];
		end[b] = sum;
	}
	for (int b = 0; b < 256; b++)
		while (at[b] < end[b]) {
			wr_sort_item it = items[at[b]];
			int to = (int)(it.part >> shift & 0xFF);

			items[at[b]] = items[at[to]];
			items[at[to]++] = it;
		}
}

/* At most eight deep: each time by a lower byte. */
static void by_part(wr_sort_item *items, wr_sort_item *spare, size_t n)
{
	uint64_t differ = n > MANY ? differing(items, n) : 0;
	size_t end[256], at = 0;

	if (n > MANY && !differ)
		return;
	if (n <= MANY) {
		by_passes(items, spare, n);
		return;
	}
	part_in_place(items, n, (unsigned)(63 - __builtin_clzll(differ)) & ~7u, end);
	for (int b = 0; b < 256; at = end[b++])
		if (end[b] - at > 1)
			by_part(items + at, spare, end[b] - at);
}

static void sort_run(wr_sort_item *items, wr_sort_item *spare, size_t n, uint32_t from)
{
	uint32_t at;

	if (n <= FEW) {
		sort_few(items, n);
		return;
	}
	at = common(items, n, from);
	for (size_t i = 0; i < n; i++)
		items[i].part = part_of(items[i].key, at);
	by_part(items, spare, n);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && items[end].part == items[i].part; end++)
			;
		/*
		 * All equal behind the common beginning: one ends there, and the others go on with
		 * zeros, which look the same. Only a comparison parts them.
		 */
		if (end - i > FEW && end - i < n)
			sort_run(items + i, spare, end - i, at);
		else if (end - i > FEW)
			qsort(items + i, end - i, sizeof(*items), cmp_items);
		else if (end - i > 1)
			sort_few(items + i, end - i);
	}
}

void wr_sort(wr_sort_item *items, size_t n)
{
	wr_sort_item *spare;

	if (n <= FEW) {
		sort_few(items, n);
		return;
	}
	spare = wr_malloc((n < MANY ? n : MANY) * sizeof(*spare));
	sort_run(items, spare, n, 0);
	free(spare);
}
