/* The rows that a stream-stream join keeps for one side and key; see the header. */
#include "operators/join_list.h"

#include <stdlib.h>

static void list_init(void *self, void *payload)
{
	(void)self;
	*(join_list *)payload = (join_list){ .timer = INT64_MAX };
}

static void list_save(void *self, const void *payload, wr_buf *out)
{
	const join_list *p = payload;

	(void)self;
	wr_buf_u64(out, (uint64_t)p->timer);
	wr_buf_u32(out, p->n);
	for (uint32_t i = 0; i < p->n; i++) {
		const join_row *r = &p->rows[i];

		wr_buf_u64(out, (uint64_t)r->time);
		wr_buf_u64(out, (uint64_t)r->offset);
		wr_buf_u64(out, r->number);
		wr_buf_u32(out, r->part);
		wr_buf_u32(out, r->matched);
		wr_buf_u32(out, r->row.n);
		wr_buf_put(out, r->row.p, r->row.n);
	}
}

static void make_room(join_list *p, uint32_t n)
{
	if (n <= p->room)
		return;
	p->room = n < 2 * p->room ? 2 * p->room : n;
	p->rows = wr_realloc(p->rows, p->room * sizeof(*p->rows));
}

enum { HEAD = 36 }; /* bytes of a saved row before its columns */

static bool row_load(join_row *r, const char **at, const char *end)
{
	uint32_t matched, n;

	if (end - *at < HEAD)
		return false;
	memcpy(&r->time, *at, 8);
	memcpy(&r->offset, *at + 8, 8);
	memcpy(&r->number, *at + 16, 8);
	memcpy(&r->part, *at + 24, 4);
	memcpy(&matched, *at + 28, 4);
	memcpy(&n, *at + 32, 4);
	*at += HEAD;
	if ((size_t)(end - *at) < n)
		return false;
	r->matched = matched;
	r->row = (wr_row_bytes){ 0 };
	wr_row_bytes_set(&r->row, *at, n);
	*at += n;
	return true;
}

static bool list_load(void *self, void *payload, wr_str bytes)
{
	const char *at = bytes.p, *end = bytes.p + bytes.n;
	join_list *p = payload;
	uint32_t n;

	list_init(self, payload);
	if (bytes.n < 12)
		return false;
	memcpy(&p->timer, at, 8);
	memcpy(&n, at + 8, 4);
	at += 12;
	if (n > bytes.n / HEAD)
		return false;
	make_room(p, n);
	for (; p->n < n; p->n++)
		if (!row_load(&p->rows[p->n], &at, end))
			return false;
	return at == end;
}

static void list_drop(void *self, void *payload)
{
	join_list *p = payload;

	for (uint32_t i = 0; i < p->n; i++)
		wr_row_bytes_free(&p->rows[i].row);
	free(p->rows);
	list_init(self, payload);
}

static size_t list_bytes(void *self, const void *payload)
{
	const join_list *p = payload;
	size_t n = p->room * sizeof(*p->rows);

	(void)self;
	for (uint32_t i = 0; i < p->n; i++)
		n += p->rows[i].row.room;
	return n;
}

const wr_cache_def join_list_payload = {
	.size = sizeof(join_list),
	.init = list_init,
	.save = list_save,
	.load = list_load,
	.drop = list_drop,
	.bytes = list_bytes,
};

join_row *join_list_insert(join_list *list, join_row row, wr_str bytes)
{
	uint32_t at = list->n;

	make_room(list, list->n + 1);
	while (at > 0 && list->rows[at - 1].time > row.time)
		at--;
	memmove(list->rows + at + 1, list->rows + at, (list->n - at) * sizeof(*list->rows));
	list->n++;
	list->rows[at] = row;
	wr_row_bytes_set(&list->rows[at].row, bytes.p, bytes.n);
	return &list->rows[at];
}

const join_row *join_list_find(const join_list *list, int64_t time, uint64_t number)
{
	for (uint32_t i = 0; i < list->n && list->rows[i].time <= time; i++)
		if (list->rows[i].number == number)
			return &list->rows[i];
	return NULL;
}

void join_list_cut(join_list *list, int64_t end)
{
	uint32_t n = 0;

	while (n < list->n && list->rows[n].time < end)
		wr_row_bytes_free(&list->rows[n++].row);
	if (n == 0)
		return;
	memmove(list->rows, list->rows + n, (list->n - n) * sizeof(*list->rows));
	list->n -= n;
}
