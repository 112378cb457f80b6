/*
 * How long reading a Debezium event takes, in nanoseconds.
 *
 *	json_bench [EVENTS.ndjson]
 *
 * Without a file it makes its own events of an `orders` table: 690 bytes on average, 60 % c, 30 % u, 10 % d. Two passes over each set of
 * columns: over the first 1,000 events again and again (in the caches, as after decompression) and over all of them (from
 * memory). Times are of this thread's CPU; the best of several rounds counts.
 */
#include "formats/format.h"
#include "formats/json_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EVENTS = 50000, RUN = 1024 };

static wr_record *recs;
static uint32_t nrecs;

static uint64_t seed = 88172645463325252u;

static uint32_t draw(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

static void put_row(wr_buf *b, uint32_t id, const char *status)
{
	static const char *const streets[] = { "Via Roma", "Rue de la R\\u00e9publique",
					       "Stra\xc3\x9f\x65 7", "High Street" };
	static const char *const notes[] = {
		"please leave the parcel with the neighbours if nobody opens",
		"the bell is \\\"broken\\\", knock",
		"",
		"call between nine and five, the code of the gate is needed to get in",
		"as a present: no invoice, please",
	};

	wr_buf_printf(b,
		      "{\"id\":%u,\"customer_id\":%u,\"status\":\"%s\",\"amount\":\"%u.%02u\","
		      "\"region\":\"EU-%u\",\"created_at\":"
		      "17000%08u,\"sku\":\"SKU-%08u\",\"qty\":%u,\"ship_to\":\"%u %s, flat %u, "
		      "house %u\",\"note\":\"%s\"}",
		      id, id * 7919u % 10000u, status, 1 + draw(999), draw(100), 1 + draw(9),
		      draw(100000000), draw(100000000), 1 + draw(9), 1 + draw(900),
		      streets[draw(4)], draw(97), draw(13), notes[draw(5)]);
}

static void put_event(wr_buf *b, uint32_t i)
{
	static const char *const states[] = { "PLACED", "PAID", "SHIPPED", "DELIVERED",
					      "CANCELLED" };
	uint32_t u = draw(10), id = u < 6 ? i + 1 : 1 + draw(i + 1);

	wr_buf_puts(b, "{\"before\":");
	if (u < 6)
		wr_buf_puts(b, "null");
	else
		put_row(b, id, states[draw(5)]);
	wr_buf_puts(b, ",\"after\":");
	if (u == 9)
		wr_buf_puts(b, "null");
	else
		put_row(b, id, states[u < 6 ? 0 : draw(5)]);
	wr_buf_printf(b,
		      ",\"source\":{\"version\":\"3.0.0.Final\",\"connector\":\"postgresql\","
		      "\"name\":\"shop\",\"ts_ms\":17%011u,"
		      "\"snapshot\":\"false\",\"db\":\"shop\",\"sequence\":\"[\\\"%u\\\",\\\"%"
		      "u\\\"]\",\"ts_us\":17%014u,"
		      "\"ts_ns\":17%017u,\"schema\":\"public\",\"table\":\"orders\",\"txId\":%u,"
		      "\"lsn\":%u,\"xmin\":null},"
		      "\"op\":\"%c\",\"ts_ms\":17%011u,\"transaction\":null}\n",
		      i, 24000000 + i * 184, 24000184 + i * 184, i, i, 700 + i / 3,
		      24000184 + i * 184,
		      u < 6   ? 'c'
		      : u < 9 ? 'u'
			      : 'd',
		      i);
}

static wr_buf load(const char *path)
{
	wr_buf b = { 0 };
	char part[65536];
	FILE *f = path ? fopen(path, "rb") : NULL;
	size_t n;

	for (uint32_t i = 0; !path && i < EVENTS; i++)
		put_event(&b, i);
	if (path && !f) {
		perror(path);
		exit(1);
	}
	while (f && (n = fread(part, 1, sizeof(part), f)) > 0)
		wr_buf_put(&b, part, n);
	if (f)
		fclose(f);
	return b;
}

static void split(const wr_buf *b)
{
	const char *p = b->p, *end = b->p + b->n, *q;
	uint32_t room = 0;

	for (; p < end && (q = memchr(p, '\n', (size_t)(end - p))); p = q + 1) {
		if (nrecs == room) {
			room = room ? room * 2 : 1024;
			recs = wr_realloc(recs, room * sizeof(*recs));
		}
		recs[nrecs] = (wr_record){ .value = { p, (uint32_t)(q - p) }, .offset = nrecs };
		nrecs++;
	}
}

static void bad(void *self, const wr_record *rec, const wr_err *why)
{
	(void)self;
	fprintf(stderr, "record %lld: %s\n", (long long)rec->offset, why->message);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double measure(wr_decoder *d, const wr_schema *schema, uint32_t n, int rounds)
{
	static const uint32_t parts[1] = { 0 };
	wr_arena *a = wr_arena_new();
	double best = 1e18, from, took;
	wr_err err = WR_ERR_INIT;

	for (int r = 0; r < rounds; r++) {
		from = now();
		for (uint32_t i = 0; i < n; i += RUN) {
			wr_batch b;

			wr_arena_reset(a);
			wr_batch_init(&b, a, schema, RUN);
			if (wr_decoder_run(d, recs + i, n - i < RUN ? n - i : RUN, parts, &b, bad,
					   NULL, &err))
				exit(1);
		}
		took = (now() - from) / n;
		best = took < best ? took : best;
	}
	wr_arena_free(a);
	return best;
}

/* Writing the rows of the first batch as JSON values. */
static void measure_writing(wr_arena *plans, wr_decoder *d, const wr_side_spec *side,
			    const wr_schema *schema)
{
	static const uint32_t parts[1] = { 0 };
	wr_arena *a = wr_arena_new();
	wr_buf out = { 0 };
	double best = 1e18, from, took;
	wr_err err = WR_ERR_INIT;
	wr_encoder *e;
	wr_batch b;

	wr_batch_init(&b, a, schema, RUN);
	if (wr_decoder_run(d, recs, nrecs < RUN ? nrecs : RUN, parts, &b, bad, NULL, &err) ||
	    wr_encoder_open(plans, side, &e, &err))
		exit(1);
	for (int r = 0; r < 200; r++) {
		from = now();
		wr_buf_reset(&out);
		for (uint32_t i = 0; i < b.n; i++)
			wr_encoder_put(e, &b, i, &out);
		took = (now() - from) / b.n;
		best = took < best ? took : best;
	}
	printf("%-52s %7.1f ns, %zu bytes\n", "  written as JSON", best, out.n / b.n);
	wr_buf_free(&out);
	wr_arena_free(a);
}

typedef struct workload {
	const char *name;
	bool table, before_event;
	uint32_t n, nkeys;
	wr_column cols[6];
	bool op;
} workload;

static void run(wr_arena *a, const workload *w)
{
	int32_t to[6] = { 0, 1, 2, 3, 4, 5 };
	wr_schema schema = { w->n, w->nkeys, w->cols };
	wr_decode_spec spec = {
		.schema = &schema,
		.key = { .format = "DEBEZIUM",
			 .is_key = true,
			 .n = w->nkeys,
			 .cols = w->cols,
			 .to = to },
		.value = { .format = "DEBEZIUM",
			   .n = w->n - w->nkeys - w->op,
			   .cols = w->cols + w->nkeys,
			   .to = to + w->nkeys },
		.table = w->table,
		.before_event = w->before_event,
		.time_col = -1,
	};
	wr_err err = WR_ERR_INIT;
	wr_decoder *d;

	for (int i = 0; i < WR_CDC_COUNT; i++)
		spec.cdc_to[i] = -1;
	if (w->op)
		spec.cdc_to[WR_CDC_OP] = (int32_t)w->n - 1;
	if (wr_decoder_open(a, &spec, &d, &err)) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	printf("%-52s %7.1f ns in cache", w->name,
	       measure(d, &schema, nrecs < 1000 ? nrecs : 1000, 400));
	printf(" %7.1f ns from memory\n", measure(d, &schema, nrecs, 12));
	if (w->n == 6) {
		wr_side_spec side = {
			.format = "JSON", .wrap = true, .n = w->n, .cols = w->cols, .to = to
		};

		measure_writing(a, d, &side, &schema);
	}
}

#define NAMED(z)                                                                                   \
	{                                                                                          \
		z, sizeof(z) - 1                                                                   \
	}

int main(int argc, char **argv)
{
	wr_arena *a = wr_arena_new();
	wr_buf text = load(argc > 1 ? argv[1] : NULL);
	const wr_type *money = wr_type_decimal(a, 12, 2), *big = wr_type_of(WR_BIGINT),
		      *string = wr_type_of(WR_STRING);
	const workload loads[] = {
		{ "stream: id, amount, region, op",
		  false,
		  false,
		  4,
		  0,
		  { { NAMED("ID"), big },
		    { NAMED("AMOUNT"), money },
		    { NAMED("REGION"), string },
		    { NAMED("OP"), string } },
		  true },
		{ "stream: id, customer, status, amount, region, op",
		  false,
		  false,
		  6,
		  0,
		  { { NAMED("ID"), big },
		    { NAMED("CUSTOMER_ID"), big },
		    { NAMED("STATUS"), string },
		    { NAMED("AMOUNT"), money },
		    { NAMED("REGION"), string },
		    { NAMED("OP"), string } },
		  true },
		{ "table, BEFORE='EVENT': id, status, amount",
		  true,
		  true,
		  3,
		  1,
		  { { NAMED("ID"), big }, { NAMED("STATUS"), string }, { NAMED("AMOUNT"), money } },
		  false },
		{ "table, BEFORE='STATE': id, status, amount",
		  true,
		  false,
		  3,
		  1,
		  { { NAMED("ID"), big }, { NAMED("STATUS"), string }, { NAMED("AMOUNT"), money } },
		  false },
	};

	split(&text);
	if (!nrecs)
		return fputs("no events\n", stderr), 1;
	printf("%u events, %zu bytes each, %s\n", nrecs, text.n / nrecs, wr_jread_fastest()->name);
	for (size_t i = 0; i < sizeof(loads) / sizeof(*loads); i++)
		run(a, &loads[i]);
	wr_buf_free(&text);
	free(recs);
	wr_arena_free(a);
	return 0;
}
