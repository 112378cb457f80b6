/*
 * Fuzz target: records of a Debezium topic, one a line: key, a tab, value. The first byte says how they are read. Besides crashes it
 * looks for
 *   - rows that depend on how the records are cut into batches;
 *   - an update whose halves are not neighbours, a kind of change that the table or stream cannot have;
 *   - a create event that jansson reads, whose columns come out otherwise.
 */
#include "formats/format.h"
#include "tests/unit/formats_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS = 16, COLUMNS = 6 };

typedef struct reading {
	wr_buf rows; /* all rows as text */
	uint32_t bad;
} reading;

static void bad(void *self, const wr_record *rec, const wr_err *why)
{
	(void)rec;
	ORACLE_CHECK(why->message[0] && why->cls == WR_ERR_DATA, "an error without words");
	((reading *)self)->bad++;
}

static void make_spec(wr_arena *a, wr_decode_spec *spec, uint8_t how)
{
	static const char *const columns[COLUMNS][2] = {
		{ "ID", "BIGINT" },
		{ "NAME", "STRING" },
		{ "PRICE", "DECIMAL(12, 2)" },
		{ "AT", "TIMESTAMP" },
		{ "TAGS", "ARRAY<STRING>" },
		{ "PLACE", "STRUCT<`X` DOUBLE, `Y` DOUBLE>" },
	};
	wr_column *cols = WR_NEW_ARRAY(a, wr_column, COLUMNS + 3);
	wr_schema *schema = WR_NEW(a, wr_schema);
	int32_t *to = WR_NEW_ARRAY(a, int32_t, COLUMNS);

	*spec = (wr_decode_spec){ .time_col = -1 };
	for (int i = 0; i < WR_CDC_COUNT; i++)
		spec->cdc_to[i] = -1;
	for (int i = 0; i < COLUMNS; i++) {
		cols[i] = (wr_column){ wr_str_of(columns[i][0]),
				       wr_type_read(a, wr_str_of(columns[i][1])) };
		to[i] = i;
	}
	*schema = (wr_schema){ COLUMNS, 1, cols };
	spec->table = how & 1;
	spec->before_event = how & 2;
	spec->file_times = how & 4;
	if (!spec->table) {
		cols[COLUMNS] = (wr_column){ WR_STR_LIT("OP"), wr_type_of(WR_STRING) };
		cols[COLUMNS + 1] =
		    (wr_column){ WR_STR_LIT("BEFORE"),
				 wr_type_read(a,
					      WR_STR_LIT("STRUCT<`ID` BIGINT, `NAME` STRING>")) };
		cols[COLUMNS + 2] =
		    (wr_column){ WR_STR_LIT("SOURCE_POSITION"), wr_type_of(WR_STRING) };
		schema->n = COLUMNS + 3;
		spec->cdc_to[WR_CDC_OP] = COLUMNS;
		spec->cdc_to[WR_CDC_BEFORE] = COLUMNS + 1;
		spec->cdc_to[WR_CDC_SOURCE_POSITION] = COLUMNS + 2;
	}
	spec->schema = schema;
	spec->key =
	    (wr_side_spec){ .format = "DEBEZIUM", .is_key = true, .n = 1, .cols = cols, .to = to };
	spec->value = (wr_side_spec){
		.format = "DEBEZIUM", .n = COLUMNS - 1, .cols = cols + 1, .to = to + 1
	};
}

static void check_changes(const wr_decode_spec *spec, const wr_batch *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		if (!spec->table)
			ORACLE_CHECK(b->change[i] == WR_ROW_INSERT, "change %u", b->change[i]);
		else
			ORACLE_CHECK(b->change[i] >= WR_ROW_NEW, "change %u", b->change[i]);
		if (b->change[i] == WR_ROW_BEFORE)
			ORACLE_CHECK(i + 1 < b->n && b->change[i + 1] == WR_ROW_AFTER &&
					 b->offset[i] == b->offset[i + 1],
				     "pair");
	}
}

static void put_rows(reading *r, const wr_batch *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		wr_buf_printf(&r->rows, "%u %lld %lld", b->change[i], (long long)b->offset[i],
			      (long long)b->rowtime[i]);
		for (uint32_t c = 0; c < b->schema->n; c++) {
			wr_buf_puts(&r->rows, wr_batch_is_absent(b, i, c) ? ", absent " : ", ");
			wr_vec_print(&b->cols[c], i, &r->rows);
		}
		wr_buf_putc(&r->rows, '\n');
	}
}

/* Reads the records in batches of `cut`. */
static void read_all(wr_arena *plans, uint8_t how, const wr_record *recs, uint32_t n, uint32_t cut,
		     reading *r)
{
	static const uint32_t parts[1] = { 0 };
	wr_decode_spec spec;
	wr_decoder *d;
	wr_err err = WR_ERR_INIT;

	make_spec(plans, &spec, how);
	ORACLE_CHECK(!wr_decoder_open(plans, &spec, &d, &err), "%s", err.message);
	for (uint32_t i = 0; i < n; i += cut) {
		wr_arena *a = wr_arena_new();
		wr_batch b;

		wr_batch_init(&b, a, spec.schema, 2);
		ORACLE_CHECK(!wr_decoder_run(d, recs + i, n - i < cut ? n - i : cut, parts, &b, bad,
					     r, &err),
			     "%s", err.message);
		check_changes(&spec, &b);
		put_rows(r, &b);
		wr_arena_free(a);
	}
}

/* {"op":"c","after":{"id":7,"name":"x",..}} must give a row that begins with 7, 'x'. */
static void check_create(wr_arena *plans, const wr_record *rec)
{
	static const uint32_t parts[1] = { 0 };
	json_t *doc =
	    rec->value.p ? json_loadb(rec->value.p, rec->value.n, JSON_ALLOW_NUL, NULL) : NULL;
	json_t *after = json_object_get(doc, "after"), *id = json_object_get(after, "id"),
	       *name = json_object_get(after, "name");
	const char *op = json_string_value(json_object_get(doc, "op"));
	wr_err err = WR_ERR_INIT;
	reading ignored = { 0 };
	wr_decode_spec spec;
	wr_decoder *d;
	wr_batch b;

	if (op && !strcmp(op, "c") && json_is_integer(id) && json_is_string(name) &&
	    !json_object_get(after, "ID") && !json_object_get(after, "NAME") &&
	    json_object_size(after) == 2 && !json_object_get(doc, "payload")) {
		make_spec(plans, &spec, 1);
		ORACLE_CHECK(!wr_decoder_open(plans, &spec, &d, &err), "%s", err.message);
		wr_batch_init(&b, plans, spec.schema, 2);
		ORACLE_CHECK(!wr_decoder_run(d, rec, 1, parts, &b, bad, &ignored, &err) && b.n == 1,
			     "no row");
		ORACLE_CHECK(wr_vec_BIGINT(&b.cols[0])[0] == json_integer_value(id), "id");
		if (json_string_length(name) != 28)
			ORACLE_CHECK(wr_vec_str(&b.cols[1], 0).n == json_string_length(name) &&
					 !memcmp(wr_vec_str(&b.cols[1], 0).p,
						 json_string_value(name), json_string_length(name)),
				     "name");
	}
	json_decref(doc);
}

/* Each side in memory of its own, so that a step beyond its end shows. "-" is null. */
static wr_str copy_side(const char *p, size_t n)
{
	char *copy;

	if (n == 1 && *p == '-')
		return (wr_str){ NULL, 0 };
	copy = wr_malloc(n + 1);
	memcpy(copy, p, n);
	return (wr_str){ wr_realloc(copy, n ? n : 1), (uint32_t)n };
}

static uint32_t split(const char *p, const char *end, wr_record *recs)
{
	uint32_t n = 0;

	while (p < end && n < RECORDS) {
		const char *stop = memchr(p, '\n', (size_t)(end - p)), *tab;

		stop = stop ? stop : end;
		tab = memchr(p, '\t', (size_t)(stop - p));
		recs[n] = (wr_record){ .timestamp = n, .offset = n };
		recs[n].key = tab ? copy_side(p, (size_t)(tab - p)) : (wr_str){ NULL, 0 };
		p = tab ? tab + 1 : p;
		recs[n++].value = copy_side(p, (size_t)(stop - p));
		p = stop + 1;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	wr_record recs[RECORDS];
	reading whole = { 0 }, single = { 0 };
	wr_arena *plans = wr_arena_new();
	uint32_t n = size ? split((const char *)data + 1, (const char *)data + size, recs) : 0;

	if (n) {
		read_all(plans, data[0], recs, n, RECORDS, &whole);
		read_all(plans, data[0], recs, n, 1, &single);
		ORACLE_CHECK(whole.bad == single.bad &&
				 wr_str_eq(wr_buf_view(&whole.rows), wr_buf_view(&single.rows)),
			     "cut differently:\n%s---\n%s", wr_buf_z(&whole.rows),
			     wr_buf_z(&single.rows));
	}
	for (uint32_t i = 0; i < n; i++) {
		check_create(plans, &recs[i]);
		free((char *)recs[i].key.p);
		free((char *)recs[i].value.p);
	}
	wr_buf_free(&whole.rows);
	wr_buf_free(&single.rows);
	wr_arena_free(plans);
	return 0;
}
