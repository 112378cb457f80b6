/*
 * Random JSON documents: what jansson makes of them the reader makes too; whatever is cut off their end is noticed. Written documents
 * read back as they were.
 */
#include "formats_kit.h"
#include "formats_oracle.h"

static uint64_t seed;

static uint32_t draw(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

static void put_blank(wr_buf *b)
{
	if (draw(12) == 0)
		wr_buf_put(b, &" \n\t\r   "[draw(4)], 1 + draw(3));
}

static void put_string(wr_buf *b)
{
	static const char *const parts[] = {
		"a",
		"plain text",
		"\\\"",
		"\\\\",
		"\\/",
		"\\b\\f\\n\\r\\t",
		"\\u0041",
		"\\u00e9",
		"\\uD83D\\uDE00",
		"\xc3\xa9",
		"\xf0\x9f\x98\x80",
		"{",
		"}",
		"[",
		"]",
		":",
		",",
		"'",
		"\x7f",
		"a run of more than thirty-two plain bytes in a row",
	};

	wr_buf_putc(b, '"');
	for (uint32_t n = draw(5); n--;)
		wr_buf_puts(b, parts[draw(sizeof(parts) / sizeof(*parts))]);
	wr_buf_putc(b, '"');
}

static void put_value(wr_buf *b, int depth);

static void put_object(wr_buf *b, int depth)
{
	static const char *const names[] = {
		"\"A\"",
		"\"a\"",
		"\"B\"",
		"\"b\"",
		"\"\\u0043\"",
		"\"C\"",
		"\"other\"",
		"\"\"",
		"\"a long name with more than 32 bytes\"",
		"\"A LONG NAME WITH MORE THAN 32 BYTES\"",
		"\"A LONG NAME WITH MORE THAN 32 BYTEZ\"",
	};

	wr_buf_putc(b, '{');
	put_blank(b);
	for (uint32_t i = 0, n = draw(7); i < n; i++) {
		if (i) {
			wr_buf_putc(b, ',');
			put_blank(b);
		}
		wr_buf_puts(b, names[draw(sizeof(names) / sizeof(*names))]);
		put_blank(b);
		wr_buf_putc(b, ':');
		put_blank(b);
		put_value(b, depth + 1);
		put_blank(b);
	}
	wr_buf_putc(b, '}');
}

static void put_value(wr_buf *b, int depth)
{
	static const char *const scalars[] = {
		"true",
		"false",
		"null",
		"0",
		"-0",
		"7",
		"-12",
		"12345678",
		"123456789012345678",
		"9223372036854775807",
		"0.5",
		"-1.25e3",
		"1E+2",
		"1e-7",
		"12.3400",
	};
	uint32_t what = draw(depth > 5 ? 6 : 8);

	if (what < 3) {
		wr_buf_puts(b, scalars[draw(sizeof(scalars) / sizeof(*scalars))]);
	} else if (what < 6) {
		put_string(b);
	} else if (what == 6) {
		put_object(b, depth);
	} else {
		wr_buf_putc(b, '[');
		for (uint32_t i = 0, n = draw(5); i < n; i++) {
			if (i)
				wr_buf_putc(b, ',');
			put_blank(b);
			put_value(b, depth + 1);
			put_blank(b);
		}
		wr_buf_putc(b, ']');
	}
}

static void same_as_jansson(void **state)
{
	wr_arena *plans = wr_arena_new(), *a = wr_arena_new();
	oracle o = oracle_new(plans);
	wr_buf b = { 0 };

	(void)state;
	seed = 88172645463325252u;
	for (int i = 0; i < 20000; i++) {
		wr_buf_reset(&b);
		put_object(&b, 0);
		wr_arena_reset(a);
		assert_true(oracle_check(a, &o, b.p, b.n));
		/* every prefix of some, every damaged byte of others */
		for (size_t n = 0; i % 50 == 0 && n < b.n; n++)
			assert_false(oracle_check(a, &o, b.p, n));
		for (size_t n = 0; i % 50 == 1 && n < b.n; n++) {
			char was = b.p[n];

			b.p[n] = "{}[]\",:\\ x0\x01\xff"[draw(13)];
			oracle_check(a, &o, b.p, b.n);
			b.p[n] = was;
		}
	}
	wr_buf_free(&b);
	wr_arena_free(a);
	wr_arena_free(plans);
}

/* Text → row → text → row. */
static void written_reads_back(void **state)
{
	wr_buf b = { 0 }, first = { 0 }, again = { 0 };
	wr_encoder *e;
	wr_err err = WR_ERR_INIT;
	kit k;

	(void)state;
	kit_init(&k, "JSON",
		 "A STRING, B ARRAY<MAP<STRING, DOUBLE>>, C STRUCT<`A` STRING, `B` BIGINT>, D "
		 "DECIMAL(40, 5)");
	assert_int_equal(wr_encoder_open(k.plan, &k.spec.value, &e, &err), WR_OK);
	seed = 362436069;
	for (int i = 0; i < 2000; i++) {
		wr_buf_reset(&b);
		wr_buf_puts(&b, "{\"A\":");
		put_value(&b, 4);
		wr_buf_printf(&b,
			      ",\"B\":[{\"x\":%u.5,\"y\":null},{},null],\"C\":{\"a\":", draw(1000));
		put_string(&b);
		wr_buf_printf(&b, ",\"b\":%u},\"D\":-%u.%u}", draw(1000000), draw(1000000),
			      draw(9999));
		kit_add(&k, NULL, wr_buf_z(&b));
		wr_buf_reset(&first);
		wr_buf_puts(&first, kit_run(&k));
		assert_int_equal(k.nbad, 0);
		wr_buf_reset(&again);
		assert_true(wr_encoder_put(e, &k.batch, 0, &again));
		kit_add(&k, NULL, wr_buf_z(&again));
		assert_string_equal(kit_run(&k), wr_buf_z(&first));
	}
	wr_buf_free(&b);
	wr_buf_free(&first);
	wr_buf_free(&again);
	kit_free(&k);
}

/* Nesting as deep as jansson goes, and one more. */
static void deep_nesting(void **state)
{
	wr_arena *plans = wr_arena_new(), *a = wr_arena_new();
	oracle o = oracle_new(plans);

	(void)state;
	for (int depth = 2040; depth <= 2060; depth++) {
		wr_buf b = { 0 };

		wr_buf_puts(&b, "{\"A\":");
		for (int i = 0; i < depth; i++)
			wr_buf_putc(&b, '[');
		for (int i = 0; i < depth; i++)
			wr_buf_putc(&b, ']');
		wr_buf_putc(&b, '}');
		oracle_check(a, &o, b.p, b.n);
		wr_buf_free(&b);
	}
	wr_arena_free(a);
	wr_arena_free(plans);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_jansson),
		cmocka_unit_test(written_reads_back),
		cmocka_unit_test(deep_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
