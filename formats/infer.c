/*
 * From records to columns. Every record is parsed as a document; what it shows of a row is kept in
 * a tree of shapes, one per member, and at the end a shape becomes a type.
 *
 *	{"id":7,"at":"2024-02-29T10:34:56Z"}  {"id":8,"at":null}	id BIGINT, at TIMESTAMP
 *
 * A schema, when a record brings one, says it all: the last record that has one decides, since
 * tables change. Without one, numbers whose unit only the writer knows stay numbers, and base64
 * stays text: whoever takes over the statement mends them.
 *
 * The key columns are the members of the record's key.
 */
#include "formats/infer.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"
#include "core/time_text.h"

enum {
	SAW_BOOLEAN = 1,
	SAW_WHOLE = 2,
	SAW_FRACTION = 4,
	SAW_TIME = 8,
	SAW_TEXT = 16,
	SAW_OBJECT = 32,
	SAW_ARRAY = 64,
	DEPTH_MAX = 16,
	WIDTH_MAX = 1000,
};

/* What the values of one member, or the items of one array, were. */
typedef struct shape shape;
struct shape {
	wr_str name;
	unsigned saw;
	shape *members, *next; /* of objects, in order of appearance */
	uint32_t n;
	shape *item;
};

typedef struct look {
	wr_arena *a;
	shape key, row;
	const wr_json *key_schema, *row_schema;
	bool debezium;
} look;

/* ---- names */

/* As a name without quotes is stored, where it can be one. */
static wr_str stored_name(wr_arena *a, wr_str name)
{
	wr_str upper = wr_arena_str(a, name);

	for (uint32_t i = 0; i < name.n; i++) {
		char *c = (char *)&upper.p[i];
		bool letter = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '_';

		if (!letter && !(i && *c >= '0' && *c <= '9'))
			return name;
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 32);
	}
	return upper;
}

/* The fields of a nested struct under such names, unless two would be the same. */
static const wr_type *stored_fields(wr_arena *a, const wr_type *t)
{
	wr_str *names;

	if (t->tag != WR_STRUCT)
		return t;
	names = WR_NEW_ARRAY(a, wr_str, t->nkids);
	for (uint32_t i = 0; i < t->nkids; i++) {
		names[i] = stored_name(a, t->names[i]);
		for (uint32_t k = 0; k < i; k++)
			if (wr_str_eq(names[k], names[i]))
				return t;
	}
	return wr_type_struct(a, t->nkids, names, t->kids);
}

/* ---- values to shapes */

static shape *member_of(look *l, shape *s, wr_str name)
{
	shape **at = &s->members;

	while (*at && !wr_str_eq((*at)->name, name))
		at = &(*at)->next;
	if (!*at && s->n < WIDTH_MAX) {
		*at = WR_NEW(l->a, shape);
		(*at)->name = wr_arena_str(l->a, name);
		s->n++;
	}
	return *at;
}

static bool is_marker(wr_str name)
{
	return name.n > 2 && !memcmp(name.p, "__", 2);
}

static void see(look *l, shape *s, const wr_json *v, int depth)
{
	int64_t ms;

	switch (v->kind) {
	case WR_JSON_NULL: break;
	case WR_JSON_FALSE:
	case WR_JSON_TRUE: s->saw |= SAW_BOOLEAN; break;
	case WR_JSON_NUMBER:
		s->saw |= wr_json_int(v, INT64_MIN) == INT64_MIN ? SAW_FRACTION : SAW_WHOLE;
		break;
	case WR_JSON_STRING:
		s->saw |= v->text.n >= 19 && wr_parse_timestamp(v->text, &ms) ? SAW_TIME : SAW_TEXT;
		break;
	case WR_JSON_ARRAY:
		s->saw |= SAW_ARRAY;
		if (!s->item)
			s->item = WR_NEW(l->a, shape);
		WR_JSON_EACH(item, v)
		if (depth < DEPTH_MAX)
			see(l, s->item, item, depth + 1);
		break;
	case WR_JSON_OBJECT:
		s->saw |= SAW_OBJECT;
		WR_JSON_EACH(item, v)
		{
			shape *m = depth < DEPTH_MAX && !(depth == 0 && is_marker(item->name))
				       ? member_of(l, s, item->name)
				       : NULL;

			if (m)
				see(l, m, item, depth + 1);
		}
		break;
	}
}

static const wr_type *type_of(look *l, const shape *s);

static const wr_type *struct_of(look *l, const shape *s)
{
	wr_str *names = WR_NEW_ARRAY(l->a, wr_str, s->n);
	const wr_type **kids = WR_NEW_ARRAY(l->a, const wr_type *, s->n);
	uint32_t n = 0;

	for (const shape *m = s->members; m; m = m->next) {
		names[n] = m->name;
		kids[n++] = type_of(l, m);
	}
	return wr_type_struct(l->a, n, names, kids);
}

/* A mixture of kinds is text, as is what was always null. */
static const wr_type *type_of(look *l, const shape *s)
{
	switch (s->saw) {
	case SAW_BOOLEAN: return wr_type_of(WR_BOOLEAN);
	case SAW_WHOLE: return wr_type_of(WR_BIGINT);
	case SAW_FRACTION:
	case SAW_FRACTION | SAW_WHOLE: return wr_type_of(WR_DOUBLE);
	case SAW_TIME: return wr_type_of(WR_TIMESTAMP);
	case SAW_OBJECT: return s->n ? stored_fields(l->a, struct_of(l, s)) : wr_type_of(WR_STRING);
	case SAW_ARRAY: return wr_type_array(l->a, type_of(l, s->item));
	default: return wr_type_of(WR_STRING);
	}
}

/* ---- schemas to types */

static const wr_type *connect_type(look *l, const wr_json *t, int depth);

static const wr_type *connect_decimal(look *l, const wr_json *t)
{
	const wr_json *p = wr_json_get(t, "parameters");
	wr_str precision =
	    wr_json_string(wr_json_get(p, "connect.decimal.precision"), WR_STR_LIT("38"));
	wr_str scale = wr_json_string(wr_json_get(p, "scale"), WR_STR_LIT("0"));
	char text[16];
	int digits[2];

	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%.*s", WR_STR_ARG(i ? scale : precision));
		digits[i] = atoi(text);
	}
	if (digits[0] < 1 || digits[0] > 10000 || digits[1] < 0 || digits[1] > digits[0])
		return wr_type_of(WR_STRING);
	return wr_type_decimal(l->a, (unsigned)digits[0], (unsigned)digits[1]);
}

static const wr_type *connect_struct(look *l, const wr_json *t, int depth)
{
	const wr_json *fields = wr_json_get(t, "fields");
	wr_str *names;
	const wr_type **kids;
	uint32_t n = 0;

	if (!wr_json_is(fields, WR_JSON_ARRAY) || !fields->n || fields->n > WIDTH_MAX)
		return wr_type_of(WR_STRING);
	names = WR_NEW_ARRAY(l->a, wr_str, fields->n);
	kids = WR_NEW_ARRAY(l->a, const wr_type *, fields->n);
	WR_JSON_EACH(f, fields)
	{
		names[n] =
		    wr_arena_str(l->a, wr_json_string(wr_json_get(f, "field"), WR_STR_LIT("?")));
		kids[n++] = connect_type(l, f, depth + 1);
	}
	return wr_type_struct(l->a, n, names, kids);
}

/* A type that its name alone decides; NULL: none. */
static const wr_type *named_type(look *l, const wr_json *t)
{
	static const struct {
		const char *name;
		wr_tag tag;
	} known[] = {
		{ "io.debezium.data.VariableScaleDecimal", WR_STRING },
		{ "io.debezium.time.Date", WR_DATE },
		{ "io.debezium.time.IsoDate", WR_DATE },
		{ "org.apache.kafka.connect.data.Date", WR_DATE },
		{ "io.debezium.time.Time", WR_TIME },
		{ "io.debezium.time.MicroTime", WR_TIME },
		{ "io.debezium.time.NanoTime", WR_TIME },
		{ "io.debezium.time.ZonedTime", WR_TIME },
		{ "io.debezium.time.IsoTime", WR_TIME },
		{ "org.apache.kafka.connect.data.Time", WR_TIME },
		{ "io.debezium.time.Timestamp", WR_TIMESTAMP },
		{ "io.debezium.time.MicroTimestamp", WR_TIMESTAMP },
		{ "io.debezium.time.NanoTimestamp", WR_TIMESTAMP },
		{ "io.debezium.time.ZonedTimestamp", WR_TIMESTAMP },
		{ "io.debezium.time.IsoTimestamp", WR_TIMESTAMP },
		{ "org.apache.kafka.connect.data.Timestamp", WR_TIMESTAMP },
	};
	wr_str name = wr_json_string(wr_json_get(t, "name"), WR_STR_LIT(""));

	if (wr_str_is(name, "org.apache.kafka.connect.data.Decimal"))
		return connect_decimal(l, t);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (wr_str_is(name, known[i].name))
			return wr_type_of(known[i].tag);
	return NULL;
}

static const wr_type *connect_type(look *l, const wr_json *t, int depth)
{
	static const struct {
		const char *name;
		wr_tag tag;
	} plain[] = {
		{ "int8", WR_INTEGER },	 { "int16", WR_INTEGER },  { "int32", WR_INTEGER },
		{ "int64", WR_BIGINT },	 { "float", WR_DOUBLE },   { "float32", WR_DOUBLE },
		{ "double", WR_DOUBLE }, { "float64", WR_DOUBLE }, { "boolean", WR_BOOLEAN },
		{ "bytes", WR_BYTES },	 { "string", WR_STRING },
	};
	const wr_type *named = named_type(l, t);
	wr_str type = wr_json_string(wr_json_get(t, "type"), WR_STR_LIT(""));

	if (named)
		return named;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (wr_str_is(type, plain[i].name))
			return wr_type_of(plain[i].tag);
	if (depth > DEPTH_MAX)
		return wr_type_of(WR_STRING);
	if (wr_str_is(type, "array"))
		return wr_type_array(l->a, connect_type(l, wr_json_get(t, "items"), depth + 1));
	if (wr_str_is(type, "map"))
		return wr_type_map(l->a, wr_type_of(WR_STRING),
				   connect_type(l, wr_json_get(t, "values"), depth + 1));
	if (!wr_str_is(type, "struct"))
		return wr_type_of(WR_STRING);
	return stored_fields(l->a, connect_struct(l, t, depth));
}

/* The schema of an envelope's rows, or of a flattened row itself. */
static const wr_json *row_schema(look *l, const wr_json *schema)
{
	const wr_json *after = NULL;
	bool op = false;

	WR_JSON_EACH(f, wr_json_get(schema, "fields"))
	{
		wr_str field = wr_json_string(wr_json_get(f, "field"), WR_STR_LIT(""));

		op |= wr_str_is(field, "op");
		if (wr_str_is(field, "after"))
			after = f;
	}
	l->debezium = true;
	return op && after ? after : schema;
}

/* ---- records */

static void see_value(look *l, const wr_json *doc)
{
	const wr_json *payload = wr_json_get(doc, "payload"), *schema = wr_json_get(doc, "schema");
	const wr_json *op = wr_json_get(doc, "op"), *image;

	if (wr_json_is(wr_json_get(schema, "fields"), WR_JSON_ARRAY)) {
		l->row_schema = row_schema(l, schema);
		return;
	}
	if (payload && wr_json_is(schema, WR_JSON_NULL)) {
		see_value(l, payload);
		return;
	}
	if (wr_json_is(op, WR_JSON_STRING) && op->text.n == 1 &&
	    (wr_json_get(doc, "after") || wr_json_get(doc, "before") ||
	     wr_json_get(doc, "source"))) {
		l->debezium = true;
		image = wr_json_get(doc, "after");
		if (!wr_json_is(image, WR_JSON_OBJECT))
			image = wr_json_get(doc, "before");
		if (wr_json_is(image, WR_JSON_OBJECT))
			see(l, &l->row, image, 0);
		return;
	}
	l->debezium |= wr_json_get(doc, "__op") || wr_json_get(doc, "__deleted");
	if (wr_json_is(doc, WR_JSON_OBJECT))
		see(l, &l->row, doc, 0);
}

static void see_key(look *l, const wr_json *doc)
{
	const wr_json *schema = wr_json_get(doc, "schema"), *payload = wr_json_get(doc, "payload");

	if (wr_json_is(wr_json_get(schema, "fields"), WR_JSON_ARRAY))
		l->key_schema = schema;
	else if (wr_json_is(payload ? payload : doc, WR_JSON_OBJECT))
		see(l, &l->key, payload ? payload : doc, 0);
}

/* ---- columns */

static const wr_type *columns_of(look *l, const wr_json *schema, const shape *s)
{
	const wr_type *t = schema ? connect_struct(l, schema, 0) : s->n ? struct_of(l, s) : NULL;

	return t && t->tag == WR_STRUCT ? t : NULL;
}

static int find(const wr_column *cols, uint32_t n, wr_str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (wr_str_eq(cols[i].name, name))
			return (int)i;
	return -1;
}

static void add_columns(look *l, const wr_type *t, wr_schema *s, wr_column *cols, bool keys)
{
	for (uint32_t i = 0; t && i < t->nkids; i++) {
		wr_str name = stored_name(l->a, t->names[i]);
		int at = find(cols, s->n, name);

		if (at >= 0 && (uint32_t)at < s->nkeys && !keys)
			continue; /* a key column stands in the row too */
		cols[s->n++] = (wr_column){ at >= 0 ? t->names[i] : name, t->kids[i] };
		s->nkeys += keys;
	}
}

wr_status wr_infer(wr_arena *arena, const wr_record *recs, uint32_t n, wr_inferred *out,
		   wr_err *err)
{
	look l = { .a = arena };
	wr_schema *s = WR_NEW(arena, wr_schema);
	const wr_type *key, *row;
	wr_column *cols;

	for (uint32_t i = 0; i < n; i++) {
		wr_err quiet = WR_ERR_INIT;
		const wr_json *doc =
		    recs[i].value.p ? wr_json_parse(arena, recs[i].value, &quiet) : NULL;

		quiet = WR_ERR_INIT;
		if (doc)
			see_value(&l, doc);
		doc = recs[i].key.p ? wr_json_parse(arena, recs[i].key, &quiet) : NULL;
		if (doc)
			see_key(&l, doc);
	}
	key = columns_of(&l, l.key_schema, &l.key);
	row = columns_of(&l, l.row_schema, &l.row);
	if (!row) {
		wr_err_set(err, WR_ERR_DATA, WR_NO_SPAN,
			   "the %u records looked at show no row in JSON", n);
		return wr_err_hint(err, "declare the columns yourself");
	}
	/* format JSON has no object around a single key */
	if (!l.debezium && key && key->nkids == 1)
		key = NULL;
	cols = WR_NEW_ARRAY(arena, wr_column, (key ? key->nkids : 0) + row->nkids);
	s->cols = cols;
	add_columns(&l, key, s, cols, true);
	add_columns(&l, row, s, cols, false);
	*out = (wr_inferred){ l.debezium ? "DEBEZIUM" : "JSON", l.row_schema != NULL, s };
	return WR_OK;
}

/* ---- the statement */

void wr_inferred_ddl(const wr_inferred *in, wr_str name, wr_str topic, wr_buf *out)
{
	const wr_schema *s = in->schema;
	bool table = s->nkeys > 0;

	wr_buf_printf(out, "CREATE %s %.*s (", table ? "TABLE" : "STREAM", WR_STR_ARG(name));
	for (uint32_t i = 0; i < s->n; i++) {
		wr_buf_puts(out, i ? ",\n  " : "\n  ");
		wr_buf_quote_name(out, s->cols[i].name);
		wr_buf_putc(out, ' ');
		wr_type_print(s->cols[i].type, out);
		if (i < s->nkeys)
			wr_buf_puts(out, " PRIMARY KEY");
	}
	wr_buf_puts(out, "\n) WITH (KAFKA_TOPIC=");
	wr_buf_quote_text(out, topic);
	wr_buf_printf(out, ", FORMAT='%s');\n", in->format);
}
