#include "io/topic_frame.h"

#include <xxhash.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "frames are written as they lie in memory");

enum { NO_BYTES = UINT32_MAX, CHECKED_FROM = 16 };

static size_t length(wr_str s)
{
	return s.p ? s.n : 0;
}

static uint32_t stated(wr_str s)
{
	return s.p ? s.n : NO_BYTES;
}

static size_t headers_size(const wr_headers *h)
{
	size_t n = 0;

	for (uint32_t i = 0; h && i < h->n; i++)
		n += 8 + length(h->items[i].key) + length(h->items[i].value);
	return n;
}

static uint64_t check_of(const char *frame, const wr_frame *f)
{
	return XXH3_64bits_withSeed(frame + CHECKED_FROM, f->size - CHECKED_FROM,
				    (uint64_t)f->size << 32 | f->writer);
}

static char *put_bytes(char *to, wr_str s)
{
	if (length(s))
		memcpy(to, s.p, s.n);
	return to + length(s);
}

static char *put_headers(char *to, const wr_headers *h)
{
	for (uint32_t i = 0; h && i < h->n; i++) {
		uint32_t n[2] = { (uint32_t)length(h->items[i].key), stated(h->items[i].value) };

		memcpy(to, n, sizeof n);
		to = put_bytes(to + sizeof n, h->items[i].key);
		to = put_bytes(to, h->items[i].value);
	}
	return to;
}

bool wr_frame_put(wr_buf *out, const wr_record *rec, int64_t offset, uint32_t writer,
		  uint64_t epoch)
{
	size_t size =
	    sizeof(wr_frame) + length(rec->key) + length(rec->value) + headers_size(rec->headers);

	if (size > INT32_MAX)
		return false;
	wr_frame f = { .size = (uint32_t)size,
		       .writer = writer,
		       .epoch = epoch,
		       .offset = offset,
		       .time = rec->timestamp,
		       .key_n = stated(rec->key),
		       .value_n = stated(rec->value),
		       .nheaders = rec->headers ? rec->headers->n : 0 };
	char *at = wr_buf_reserve(out, size), *to = at + sizeof f;

	memcpy(at, &f, sizeof f);
	to = put_bytes(to, rec->key);
	to = put_bytes(to, rec->value);
	put_headers(to, rec->headers);
	f.check = check_of(at, &f);
	memcpy(at + offsetof(wr_frame, check), &f.check, sizeof f.check);
	out->n += size;
	return true;
}

bool wr_frame_head(wr_frame *f, const char *p, size_t n)
{
	if (n < sizeof *f)
		return false;
	memcpy(f, p, sizeof *f);
	return f->size >= sizeof *f && f->size <= INT32_MAX && f->size <= n;
}

/*
 * That the lengths inside agree needs no look: the check covers them, and wr_frame_put made them.
 */
bool wr_frame_whole(wr_frame *f, const char *p, size_t n)
{
	return wr_frame_head(f, p, n) && check_of(p, f) == f->check;
}

static const char *take_bytes(const char *p, uint32_t n, wr_str *out)
{
	if (n == NO_BYTES) {
		*out = (wr_str){ 0 };
		return p;
	}
	*out = (wr_str){ p, n };
	return p + n;
}

static const wr_headers *take_headers(const char *p, uint32_t n, wr_arena *a)
{
	wr_headers *h = WR_NEW(a, wr_headers);
	wr_header *items = WR_NEW_ARRAY(a, wr_header, n);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t lengths[2];

		memcpy(lengths, p, sizeof lengths);
		p = take_bytes(p + sizeof lengths, lengths[0], &items[i].key);
		p = take_bytes(p, lengths[1], &items[i].value);
	}
	*h = (wr_headers){ n, items };
	return h;
}

void wr_frame_record(const wr_frame *f, const char *p, wr_arena *a, wr_record *out)
{
	p = take_bytes(p + sizeof *f, f->key_n, &out->key);
	p = take_bytes(p, f->value_n, &out->value);
	out->timestamp = f->time;
	out->offset = f->offset;
	out->headers = f->nheaders ? take_headers(p, f->nheaders, a) : NULL;
}

uint32_t wr_frame_check32(const void *p, size_t n)
{
	return (uint32_t)XXH3_64bits(p, n);
}
