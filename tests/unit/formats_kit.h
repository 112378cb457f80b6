/* For tests of formats: a table of columns as text, records, and the rows they give as text. */
#ifndef TESTS_UNIT_FORMATS_KIT_H
#define TESTS_UNIT_FORMATS_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "formats/format.h"

typedef struct kit {
	wr_arena *plan, *rows;
	wr_decode_spec spec;
	wr_decoder *decoder;
	wr_batch batch;
	uint32_t n;
	wr_record recs[64];
	int32_t to[64];
	char bad[1024]; /* messages of bad records, one a line */
	uint32_t nbad;
	wr_buf out;
} kit;

static inline void kit_bad(void *self, const wr_record *rec, const wr_err *why)
{
	kit *k = self;
	size_t n = strlen(k->bad);

	(void)rec;
	assert_int_equal(why->cls, WR_ERR_DATA);
	snprintf(k->bad + n, sizeof(k->bad) - n, "%s\n", why->message);
	k->nbad++;
}

/* columns: "ID BIGINT KEY, NAME STRING"; all are read. */
static inline void kit_init(kit *k, const char *format, const char *columns)
{
	static wr_column cols[64];
	wr_schema *s;
	uint32_t n = 0, nkeys = 0;
	const char *p = columns;

	*k = (kit){ .plan = wr_arena_new(), .rows = wr_arena_new() };
	while (*p) {
		const char *space = strchr(p, ' '), *end = space;
		int depth = 0;
		wr_str type;

		while (*end && (*end != ',' || depth)) {
			depth += *end == '<' || *end == '(';
			depth -= *end == '>' || *end == ')';
			end++;
		}
		type = (wr_str){ space + 1, (uint32_t)(end - space - 1) };
		if (type.n > 4 && !memcmp(end - 4, " KEY", 4)) {
			type.n -= 4;
			nkeys++;
		}
		cols[n].name = wr_arena_str(k->plan, (wr_str){ p, (uint32_t)(space - p) });
		cols[n].type = wr_type_read(k->plan, type);
		assert_non_null(cols[n].type);
		n++;
		for (p = end; *p == ',' || *p == ' '; p++)
			;
	}
	s = WR_NEW(k->plan, wr_schema);
	*s = *wr_schema_copy(k->plan, &(wr_schema){ n, nkeys, cols });
	for (uint32_t i = 0; i < 64; i++)
		k->to[i] = (int32_t)i;
	k->spec = (wr_decode_spec){
		.schema = s,
		.key = { .format = format,
			 .is_key = true,
			 .wrap = nkeys > 1,
			 .n = nkeys,
			 .cols = s->cols,
			 .to = k->to },
		.value = { .format = format,
			   .wrap = true,
			   .n = n - nkeys,
			   .cols = s->cols + nkeys,
			   .to = k->to + nkeys },
		.time_col = -1,
	};
	for (int i = 0; i < WR_CDC_COUNT; i++)
		k->spec.cdc_to[i] = -1;
}

static inline void kit_add(kit *k, const char *key, const char *value)
{
	k->recs[k->n] = (wr_record){
		.key = wr_str_of(key),
		.value = wr_str_of(value),
		.timestamp = 1000 + k->n,
		.offset = k->n,
	};
	k->n++;
}

static inline const char *kit_change(uint8_t c)
{
	static const char *const names[] = { "INSERT", "INSERT_NULL", "NEW",  "OLD",
					     "BEFORE", "AFTER",	      "GONE", "TRUNCATE" };

	return names[c];
}

/* Reads what was added; one line a row: CHANGE value, value, .. ; ~ behind a column marked absent. */
static inline const char *kit_run(kit *k)
{
	static const uint32_t parts[1] = { 7 };
	wr_err err = WR_ERR_INIT;

	wr_buf_reset(&k->out);
	wr_buf_reserve(&k->out, 1);
	if (!k->decoder && wr_decoder_open(k->plan, &k->spec, &k->decoder, &err)) {
		fprintf(stderr, "%s\n", err.message);
		fail();
	}
	k->bad[0] = 0;
	k->nbad = 0;
	wr_arena_reset(k->rows);
	wr_batch_init(&k->batch, k->rows, k->spec.schema, 1);
	if (wr_decoder_run(k->decoder, k->recs, k->n, parts, &k->batch, kit_bad, k, &err))
		wr_buf_printf(&k->out, "FAIL %s\n", err.message);
	k->n = 0;
	for (uint32_t r = 0; r < k->batch.n; r++) {
		assert_int_equal(k->batch.part[r], 7);
		wr_buf_puts(&k->out, kit_change(k->batch.change[r]));
		for (uint32_t c = 0; c < k->spec.schema->n; c++) {
			assert_int_equal(k->batch.cols[c].n, k->batch.n);
			wr_buf_puts(&k->out, c ? ", " : " ");
			wr_vec_print(&k->batch.cols[c], r, &k->out);
			if (wr_batch_is_absent(&k->batch, r, c))
				wr_buf_putc(&k->out, '~');
		}
		wr_buf_putc(&k->out, '\n');
	}
	return wr_buf_z(&k->out);
}

static inline void kit_free(kit *k)
{
	wr_buf_free(&k->out);
	wr_arena_free(k->rows);
	wr_arena_free(k->plan);
}

#endif
