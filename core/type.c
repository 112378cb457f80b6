/*
 * SQL types: making them, comparing them, and their text both ways.
 *
 * The text is what schemas, errors and the catalog show, and wr_type_read is the exact inverse of
 * wr_type_print: ARRAY<STRUCT<`A` DECIMAL(4, 2), `b` STRING>>. The reader is for text of our own
 * making; it knows no SQL synonyms.
 */
#include "core/type.h"

#include <stdlib.h>

#define X(tag, storage) [WR_##tag] = #tag,
static const char *const names[WR_TAGS] = { WR_TYPES(X) };
#undef X

#define X(tag, storage) [WR_##tag] = sizeof(storage),
static const uint8_t sizes[WR_TAGS] = { WR_TYPES(X) };
#undef X

#define X(tag_, storage) [WR_##tag_] = { .tag = WR_##tag_ },
static const wr_type scalars[WR_TAGS] = { WR_TYPES(X) };
#undef X

size_t wr_tag_size(wr_tag tag)
{
	return tag == WR_STRUCT ? 0 : sizes[tag];
}

const char *wr_tag_name(wr_tag tag)
{
	return names[tag];
}

const wr_type *wr_type_of(wr_tag tag)
{
	WR_ASSERT(tag != WR_DECIMAL && !wr_tag_nested(tag));
	return &scalars[tag];
}

const wr_type *wr_type_decimal(wr_arena *a, unsigned precision, unsigned scale)
{
	wr_type *t = WR_NEW(a, wr_type);

	t->tag = WR_DECIMAL;
	t->precision = (uint16_t)precision;
	t->scale = (uint16_t)scale;
	return t;
}

static wr_type *with_kids(wr_arena *a, wr_tag tag, uint32_t n, const wr_type *const *kids)
{
	wr_type *t = WR_NEW(a, wr_type);
	const wr_type **copy = WR_NEW_ARRAY(a, const wr_type *, n);

	WR_ASSERT(n <= UINT16_MAX);
	if (n)
		memcpy(copy, kids, n * sizeof(*kids));
	t->tag = tag;
	t->nkids = (uint16_t)n;
	t->kids = copy;
	return t;
}

const wr_type *wr_type_array(wr_arena *a, const wr_type *element)
{
	return with_kids(a, WR_ARRAY, 1, &element);
}

const wr_type *wr_type_map(wr_arena *a, const wr_type *key, const wr_type *value)
{
	const wr_type *kids[2] = { key, value };

	return with_kids(a, WR_MAP, 2, kids);
}

const wr_type *wr_type_struct(wr_arena *a, uint32_t n, const wr_str *field,
			      const wr_type *const *kids)
{
	wr_type *t = with_kids(a, WR_STRUCT, n, kids);
	wr_str *copy = WR_NEW_ARRAY(a, wr_str, n);

	if (n)
		memcpy(copy, field, n * sizeof(*field));
	t->names = copy;
	return t;
}

const wr_type *wr_type_copy(wr_arena *a, const wr_type *t)
{
	wr_type *c;
	const wr_type **kids;
	wr_str *field;

	if (t->tag != WR_DECIMAL && !t->nkids && t->tag != WR_STRUCT)
		return wr_type_of(t->tag);
	c = WR_NEW(a, wr_type);
	*c = *t;
	c->kids = kids = WR_NEW_ARRAY(a, const wr_type *, t->nkids);
	for (uint32_t i = 0; i < t->nkids; i++)
		kids[i] = wr_type_copy(a, t->kids[i]);
	if (t->names) {
		c->names = field = WR_NEW_ARRAY(a, wr_str, t->nkids);
		for (uint32_t i = 0; i < t->nkids; i++)
			field[i] = wr_arena_str(a, t->names[i]);
	}
	return c;
}

bool wr_type_eq(const wr_type *a, const wr_type *b)
{
	if (a == b)
		return true;
	if (a->tag != b->tag || a->precision != b->precision || a->scale != b->scale ||
	    a->nkids != b->nkids)
		return false;
	for (uint32_t i = 0; i < a->nkids; i++)
		if ((a->names && !wr_str_eq(a->names[i], b->names[i])) ||
		    !wr_type_eq(a->kids[i], b->kids[i]))
			return false;
	return true;
}

bool wr_type_numeric(const wr_type *t)
{
	return t->tag >= WR_INTEGER && t->tag <= WR_DECIMAL;
}

void wr_type_print(const wr_type *t, wr_buf *out)
{
	wr_buf_puts(out, names[t->tag]);
	if (t->tag == WR_DECIMAL)
		wr_buf_printf(out, "(%u, %u)", t->precision, t->scale);
	if (!wr_tag_nested(t->tag))
		return;
	wr_buf_putc(out, '<');
	for (uint32_t i = 0; i < t->nkids; i++) {
		if (i)
			wr_buf_puts(out, ", ");
		if (t->names) {
			wr_buf_quote_name(out, t->names[i]);
			wr_buf_putc(out, ' ');
		}
		wr_type_print(t->kids[i], out);
	}
	wr_buf_putc(out, '>');
}

const char *wr_type_text(wr_arena *a, const wr_type *t)
{
	wr_buf b = { 0 };
	const char *z;

	wr_type_print(t, &b);
	z = wr_arena_str(a, wr_buf_view(&b)).p;
	wr_buf_free(&b);
	return z;
}

/* ---- reading */

typedef struct reader {
	wr_arena *a;
	const char *p, *end;
} reader;

static bool eat(reader *r, char c)
{
	while (r->p < r->end && *r->p == ' ')
		r->p++;
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool read_tag(reader *r, wr_tag *tag)
{
	const char *from = r->p;

	while (from < r->end && *from == ' ')
		from++;
	r->p = from;
	while (r->p < r->end && *r->p >= 'A' && *r->p <= 'Z')
		r->p++;
	for (wr_tag i = 0; i < WR_TAGS; i++)
		if (wr_str_is((wr_str){ from, (uint32_t)(r->p - from) }, names[i])) {
			*tag = i;
			return true;
		}
	return false;
}

static bool read_number(reader *r, unsigned *out)
{
	unsigned v = 0, digits = 0;

	while (r->p < r->end && *r->p == ' ')
		r->p++;
	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9' && digits < 5; r->p++, digits++)
		v = v * 10 + (unsigned)(*r->p - '0');
	*out = v;
	return digits > 0 && v <= UINT16_MAX;
}

/* `name` with doubled back-quotes. */
static bool read_name(reader *r, wr_str *out)
{
	char *to;
	uint32_t n = 0;

	if (!eat(r, '`'))
		return false;
	to = wr_arena_alloc(r->a, (size_t)(r->end - r->p) + 1);
	for (; r->p < r->end; to[n++] = *r->p++) {
		if (*r->p != '`')
			continue;
		r->p++;
		if (r->p == r->end || *r->p != '`') {
			*out = (wr_str){ to, n };
			return true;
		}
	}
	return false;
}

static const wr_type *read_type(reader *r, int depth);

static const wr_type *read_struct(reader *r, int depth)
{
	uint32_t n = 0, room = 8;
	wr_str *field = wr_malloc(room * sizeof(*field));
	const wr_type **kids = wr_malloc(room * sizeof(*kids));
	const wr_type *t = NULL;

	if (eat(r, '>')) {
		t = wr_type_struct(r->a, 0, field, kids);
		goto out;
	}
	do {
		if (n == room) {
			room *= 2;
			field = wr_realloc(field, room * sizeof(*field));
			kids = wr_realloc(kids, room * sizeof(*kids));
		}
		if (n == UINT16_MAX || !read_name(r, &field[n]))
			goto out;
		kids[n] = read_type(r, depth + 1);
		if (!kids[n++])
			goto out;
	} while (eat(r, ','));
	if (eat(r, '>'))
		t = wr_type_struct(r->a, n, field, kids);
out:
	free(field);
	free(kids);
	return t;
}

static const wr_type *read_decimal(reader *r)
{
	unsigned precision, scale;

	if (!eat(r, '(') || !read_number(r, &precision) || !eat(r, ',') ||
	    !read_number(r, &scale) || !eat(r, ')'))
		return NULL;
	return wr_type_decimal(r->a, precision, scale);
}

static const wr_type *read_type(reader *r, int depth)
{
	const wr_type *key = NULL, *value;
	wr_tag tag;

	if (depth > 200 || !read_tag(r, &tag))
		return NULL;
	if (tag == WR_DECIMAL)
		return read_decimal(r);
	if (!wr_tag_nested(tag))
		return wr_type_of(tag);
	if (!eat(r, '<'))
		return NULL;
	if (tag == WR_STRUCT)
		return read_struct(r, depth);
	if (tag == WR_MAP && (!(key = read_type(r, depth + 1)) || !eat(r, ',')))
		return NULL;
	value = read_type(r, depth + 1);
	if (!value || !eat(r, '>'))
		return NULL;
	return key ? wr_type_map(r->a, key, value) : wr_type_array(r->a, value);
}

const wr_type *wr_type_read(wr_arena *a, wr_str text)
{
	reader r = { a, text.p, text.p + text.n };
	const wr_type *t = read_type(&r, 0);

	while (r.p < r.end && *r.p == ' ')
		r.p++;
	return r.p == r.end ? t : NULL;
}
