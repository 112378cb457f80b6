/*
 * What an entry of an outbox is, and its pieces.
 *
 *	entry	rows u32, made u64, length of `to` u32, to, body
 *
 * A batch that an endpoint refuses is halved until the one bad row is found. The pieces are not
 * stored: a path says which half of which half is meant, and halving always cuts at the same row
 * (the middle, the smaller half first), so that a path and the entry give the piece for ever.
 *
 *	5 rows:	""  0 1 2 3 4
 *		/0  0 1			/1  2 3 4
 *		/0/0  0   /0/1  1	/1/0  2   /1/1  3 4
 *
 * Pieces are worked off from left to right. So one path, that of the piece that is next, says all:
 * what stands left of it is done, its ancestors are split, what stands right of it is not touched
 * yet.
 */
#include "sinks/outbox.h"

enum { HEAD = 16 };

void wr_parcel_put(const wr_parcel *e, wr_buf *out)
{
	wr_buf_u32(out, e->rows);
	wr_buf_u64(out, (uint64_t)e->made_ms);
	wr_buf_u32(out, e->to.n);
	wr_buf_str(out, e->to);
	wr_buf_str(out, e->body);
}

bool wr_parcel_get(wr_str bytes, wr_parcel *e)
{
	uint64_t made;

	if (bytes.n < HEAD)
		return false;
	memcpy(&e->rows, bytes.p, 4);
	memcpy(&made, bytes.p + 4, 8);
	memcpy(&e->to.n, bytes.p + 12, 4);
	e->made_ms = (int64_t)made;
	if (e->to.n > bytes.n - HEAD)
		return false;
	e->to.p = bytes.p + HEAD;
	e->body = (wr_str){ e->to.p + e->to.n, bytes.n - HEAD - e->to.n };
	return true;
}

/* ---------------------------------------------------------------- paths */

/* The rows [*from, *to) of n that the path means. */
static bool range(uint32_t n, const char *path, uint32_t *from, uint32_t *to)
{
	*from = 0;
	*to = n;
	for (; path[0] == '/' && (path[1] == '0' || path[1] == '1'); path += 2) {
		uint32_t middle = *from + (*to - *from) / 2;

		*(path[1] == '0' ? to : from) = middle;
	}
	return !*path && *from < *to;
}

bool wr_path_next(char path[WR_PATH_MAX])
{
	size_t n = strlen(path);

	while (n && path[n - 1] == '1')
		n -= 2;
	if (n)
		path[n - 1] = '1';
	path[n] = 0;
	return n > 0;
}

/* ---------------------------------------------------------------- rows of a body */

/* Behind the JSON value or line that begins at p: the comma, bracket or line break that ends it. */
static const char *end_of_row(const char *p, const char *end, bool array)
{
	int depth = 0;

	for (; p < end; p++) {
		if (*p == '"') {
			for (p++; p < end && *p != '"'; p++)
				p += *p == '\\';
			continue;
		}
		if (array && depth == 0 && (*p == ',' || *p == ']'))
			return p;
		if (!array && *p == '\n')
			return p;
		depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
	}
	return end;
}

/* The rows [from, to) of an array or of lines; *all: how many there are. */
static void cut(wr_str body, uint32_t from, uint32_t to, uint32_t *all, wr_buf *out)
{
	const char *end = body.p + body.n;
	bool array = body.n && body.p[0] == '[';

	*all = 0;
	wr_buf_reset(out);
	for (const char *p = body.p + array; p < end; ++*all) {
		const char *stop = end_of_row(p, end, array);

		if (*all >= from && *all < to) {
			if (array)
				wr_buf_putc(out, *all == from ? '[' : ',');
			wr_buf_put(out, p, (size_t)(stop - p));
			if (!array)
				wr_buf_putc(out, '\n');
		}
		p = stop + 1;
	}
	if (array)
		wr_buf_putc(out, ']');
}

uint32_t wr_parcel_rows(wr_str body)
{
	wr_buf none = { 0 };
	uint32_t all;

	cut(body, 0, 0, &all, &none);
	wr_buf_free(&none);
	return all ? all : 1;
}

bool wr_parcel_piece(const wr_parcel *whole, const char *path, wr_buf *room, wr_parcel *out)
{
	uint32_t from, to, all;

	*out = *whole;
	if (!*path)
		return true;
	if (!range(whole->rows, path, &from, &to))
		return false;
	cut(whole->body, from, to, &all, room);
	out->rows = to - from;
	out->body = wr_buf_view(room);
	return all == whole->rows;
}
