/* The stored form of a bad record: a version byte, then fields of fixed or prefixed length. */
#include "engine/bad_record.h"

#include "core/utf8.h"
#include "state/keyenc.h"

enum { VERSION = 1 };

/* 0: null. */
static void put_bytes(wr_buf *b, wr_str s)
{
	wr_buf_u32(b, s.p ? s.n + 1 : 0);
	if (s.p)
		wr_buf_str(b, s);
}

void wr_bad_record_put(wr_buf *out, const wr_bad_record *bad)
{
	const wr_headers *h = bad->rec.headers;

	wr_buf_putc(out, VERSION);
	put_bytes(out, bad->relation);
	put_bytes(out, bad->topic);
	wr_buf_u32(out, (uint32_t)bad->rec.partition);
	wr_buf_u64(out, (uint64_t)bad->rec.offset);
	wr_buf_u64(out, (uint64_t)bad->rec.timestamp);
	wr_buf_u64(out, (uint64_t)bad->seen_at);
	put_bytes(out, bad->reason);
	put_bytes(out, bad->rec.key);
	put_bytes(out, bad->rec.value);
	wr_buf_u32(out, h ? h->n + 1 : 0);
	for (uint32_t i = 0; h && i < h->n; i++) {
		put_bytes(out, h->items[i].key);
		put_bytes(out, h->items[i].value);
	}
}

typedef struct reader {
	wr_arena *arena;
	const char *p, *end;
	bool good;
} reader;

static void take(reader *r, void *to, size_t n)
{
	r->good = r->good && (size_t)(r->end - r->p) >= n;
	if (!r->good)
		return;
	memcpy(to, r->p, n);
	r->p += n;
}

static uint32_t take_u32(reader *r)
{
	uint32_t v = 0;

	take(r, &v, sizeof v);
	return v;
}

static int64_t take_i64(reader *r)
{
	int64_t v = 0;

	take(r, &v, sizeof v);
	return v;
}

static wr_str take_bytes(reader *r)
{
	uint32_t n = take_u32(r);
	wr_str s = { 0 };

	r->good = r->good && (n == 0 || (int64_t)(n - 1) <= r->end - r->p);
	if (!r->good || n == 0)
		return s;
	s = wr_arena_str(r->arena, (wr_str){ r->p, n - 1 });
	r->p += n - 1;
	return s;
}

static const wr_headers *take_headers(reader *r)
{
	uint32_t n = take_u32(r);

	/* each is at least two lengths */
	if (!r->good || n == 0 || (int64_t)(n - 1) > (r->end - r->p) / 8)
		return NULL;
	wr_headers *h = WR_NEW(r->arena, wr_headers);
	wr_header *items = WR_NEW_ARRAY(r->arena, wr_header, n);

	*h = (wr_headers){ n - 1, items };
	for (uint32_t i = 0; i < h->n; i++) {
		items[i].key = take_bytes(r);
		items[i].value = take_bytes(r);
	}
	return h;
}

bool wr_bad_record_get(wr_arena *a, wr_str bytes, wr_bad_record *out)
{
	reader r = { a, bytes.p, bytes.p + bytes.n, bytes.n > 0 && bytes.p[0] == VERSION };

	r.p += r.good;
	*out = (wr_bad_record){ 0 };
	out->relation = take_bytes(&r);
	out->topic = take_bytes(&r);
	out->rec.partition = (int32_t)take_u32(&r);
	out->rec.offset = take_i64(&r);
	out->rec.timestamp = take_i64(&r);
	out->seen_at = take_i64(&r);
	out->reason = take_bytes(&r);
	out->rec.key = take_bytes(&r);
	out->rec.value = take_bytes(&r);
	out->rec.headers = take_headers(&r);
	return r.good;
}

void wr_bad_record_key(wr_buf *out, int64_t number)
{
	wr_buf_reset(out);
	wr_key_put_i64(out, number);
}

bool wr_bad_record_number(wr_str key, int64_t *out)
{
	const char *p = key.p;

	return wr_key_get_i64(out, &p, key.p + key.n);
}

const char *wr_bad_record_text(wr_arena *a, wr_str bytes, uint32_t max)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;
	wr_buf b = { 0 };

	if (!bytes.p)
		return NULL;
	while (p < end && b.n < max) {
		uint32_t c = 0;
		unsigned n = wr_utf8_get(p, end, &c);

		if (n && c >= ' ' && c != 127)
			wr_buf_put(&b, p, n);
		else
			wr_buf_printf(&b, "\\x%02x", (unsigned char)*p);
		p += n && c >= ' ' && c != 127 ? n : 1;
	}
	if (p < end)
		wr_buf_puts(&b, "…");
	const char *text = wr_arena_strdup(a, wr_buf_z(&b));

	wr_buf_free(&b);
	return text;
}
