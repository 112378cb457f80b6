/*
 * Fuzz target: any bytes as a JSON record. Besides crashes it looks for
 *   - a text that jansson accepts and the reader refuses, or reads with other values;
 *   - the ways of looking at bytes (AVX2, portable) disagreeing, or a plan that has learnt from earlier texts reading otherwise;
 *   - a decoded row that does not survive being written and read again.
 */
#include "formats/format.h"
#include "tests/unit/formats_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {
	"BIGINT",
	"STRING",
	"DECIMAL(12, 2)",
	"DOUBLE",
	"BOOLEAN",
	"BYTES",
	"DATE",
	"TIME",
	"TIMESTAMP",
	"DECIMAL(60, 10)",
	"ARRAY<STRING>",
	"MAP<STRING, ARRAY<BIGINT>>",
	"STRUCT<`A` STRING, `B` MAP<STRING, DECIMAL(6, 2)>>",
	"INTEGER",
};

typedef struct side {
	wr_schema schema;
	wr_column cols[3];
	int32_t to[3];
	wr_side_spec spec;
	wr_decoder *decoder;
	wr_encoder *encoder;
} side;

static uint32_t refused;

static void bad(void *self, const wr_record *rec, const wr_err *why)
{
	(void)self;
	(void)rec;
	ORACLE_CHECK(why->message[0] && why->cls == WR_ERR_DATA, "an error without words");
	refused++;
}

static void open_side(wr_arena *a, side *s, const uint8_t *pick, bool wrap)
{
	static const char *const names[3] = { "A", "B", "C" };
	uint32_t n = wrap ? 3 : 1;
	wr_decode_spec spec = { .time_col = -1 };
	wr_err err = WR_ERR_INIT;

	for (uint32_t i = 0; i < n; i++) {
		s->cols[i].name = wr_str_of(names[i]);
		s->cols[i].type =
		    wr_type_read(a, wr_str_of(types[pick[i] % (sizeof(types) / sizeof(*types))]));
		s->to[i] = (int32_t)i;
	}
	s->schema = (wr_schema){ n, 0, s->cols };
	s->spec =
	    (wr_side_spec){ .format = "JSON", .wrap = wrap, .n = n, .cols = s->cols, .to = s->to };
	spec.schema = &s->schema;
	spec.value = s->spec;
	spec.key = (wr_side_spec){ .format = "NONE", .cols = s->cols, .to = s->to };
	for (int i = 0; i < WR_CDC_COUNT; i++)
		spec.cdc_to[i] = -1;
	ORACLE_CHECK(!wr_decoder_open(a, &spec, &s->decoder, &err) &&
			 !wr_encoder_open(a, &s->spec, &s->encoder, &err),
		     "%s", err.message);
}

static bool read_one(wr_arena *a, side *s, wr_str text, wr_batch *b)
{
	static const uint32_t parts[1] = { 0 };
	wr_record rec = { .value = text };
	wr_err err = WR_ERR_INIT;

	wr_batch_init(b, a, &s->schema, 1);
	ORACLE_CHECK(!wr_decoder_run(s->decoder, &rec, 1, parts, b, bad, NULL, &err), "%s",
		     err.message);
	return b->n == 1;
}

/* A NaN in JSON is text, and reads as one. */
static void check_round_trip(wr_arena *a, side *s, wr_str text)
{
	wr_buf out = { 0 };
	wr_batch first, again;

	if (read_one(a, s, text, &first) && wr_encoder_put(s->encoder, &first, 0, &out)) {
		ORACLE_CHECK(read_one(a, s, wr_buf_view(&out), &again), "not read again: %s",
			     wr_buf_z(&out));
		for (uint32_t c = 0; c < s->schema.n; c++)
			ORACLE_CHECK(wr_vec_eq(&first.cols[c], 0, &again.cols[c], 0),
				     "column %u of %s", c, wr_buf_z(&out));
	}
	wr_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static wr_arena *plans, *a;
	static oracle learnt;
	oracle fresh;
	side *s;
	char *copy;

	if (!plans) {
		plans = wr_arena_new();
		a = wr_arena_new();
		learnt = oracle_new(plans);
	}
	if (size < 4)
		return 0;
	wr_arena_reset(a);
	oracle_check(a, &learnt, (const char *)data + 4, size - 4);
	/* without what was learnt */
	fresh = oracle_new(a);
	oracle_check(a, &fresh, (const char *)data + 4, size - 4);
	s = WR_NEW(a, side);
	open_side(a, s, data, data[3] & 1);
	copy = wr_malloc(size - 4 + 1);
	memcpy(copy, data + 4, size - 4);
	check_round_trip(a, s, (wr_str){ copy, (uint32_t)(size - 4) });
	free(copy);
	return 0;
}
