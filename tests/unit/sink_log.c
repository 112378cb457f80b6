/* Embedded topics as sinks: which rows give which records, and which epochs count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "io/topics.h"
#include "sinks/sink.h"

static wr_err err;
static wr_arena *arena;
static wr_topics *topics;
static wr_io io;
static wr_sink_cx cx;
static wr_sink_spec spec;
static wr_schema schema;
static wr_batch batch;
static char dir[64];

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) != WR_OK)                                                               \
			fail_msg("%s: %s", #call, err.message);                                    \
	} while (0)

static int begin(const char *type, const char *where)
{
	static const int32_t key_to[] = { 0 }, value_to[] = { 1 };
	wr_column *cols;

	err = WR_ERR_INIT;
	arena = wr_arena_new();
	if (wr_topics_open(where, &topics, &err))
		return -1;
	cols = WR_NEW_ARRAY(arena, wr_column, 2);
	cols[0] = (wr_column){ WR_STR_LIT("ID"), wr_type_of(WR_INTEGER) };
	cols[1] = (wr_column){ WR_STR_LIT("NAME"), wr_type_of(WR_STRING) };
	schema = (wr_schema){ 2, 1, cols };
	io = (wr_io){ .topics = topics, .dir = where };
	cx = (wr_sink_cx){ .io = &io, .ntasks = 1, .incarnation = "one" };
	spec = (wr_sink_spec){ .type = type,
			       .name = WR_STR_LIT("T"),
			       .topic = WR_STR_LIT("T"),
			       .partitions = 1,
			       .key = { .format = "KAFKA", .n = 1, .cols = cols, .to = key_to },
			       .value = { .format = "JSON",
					  .wrap = true,
					  .n = 1,
					  .cols = cols + 1,
					  .to = value_to },
			       .schema = &schema,
			       .table = true };
	wr_batch_init(&batch, arena, &schema, 16);
	return 0;
}

static int in_memory(void **state)
{
	(void)state;
	return begin("memory", NULL);
}

static int on_disk(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/sink_log.XXXXXX");
	return mkdtemp(dir) ? begin("log", dir) : -1;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	wr_topics_close(topics);
	wr_arena_free(arena);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return dir[0] ? system(command) : 0;
}

static void row(wr_change change, int32_t id, const char *name)
{
	uint32_t i = batch.n;

	wr_batch_reserve(&batch, i + 1);
	batch.n++;
	wr_vec_resize(&batch.cols[0], arena, batch.n);
	wr_vec_resize(&batch.cols[1], arena, batch.n);
	wr_vec_INTEGER(&batch.cols[0])[i] = id;
	wr_vec_STRING(&batch.cols[1])[i] = wr_str_of(name ? name : "");
	if (!name)
		wr_vec_set_null(&batch.cols[1], arena, i);
	batch.change[i] = (uint8_t)change;
	batch.rowtime[i] = 1000 + i;
}

static wr_sink *open_sink(wr_str mark, wr_sink_writer **w)
{
	wr_sink *s;

	OK(wr_sink_find(wr_str_of(spec.type))->open(&spec, &cx, mark, &s, &err));
	OK(s->def->writer(s, 0, w, &err));
	return s;
}

static void write_batch(wr_sink_writer *w)
{
	OK(w->sink->def->write(w, &batch, 0, batch.n, &err));
	batch.n = 0;
	wr_vec_resize(&batch.cols[0], arena, 0);
	wr_vec_resize(&batch.cols[1], arena, 0);
}

static void commit(wr_sink *s, uint64_t epoch, wr_buf *mark)
{
	wr_buf_reset(mark);
	OK(s->def->mark(s, epoch, mark, &err));
	OK(s->def->committed(s, epoch, false, &err));
}

/* "key=value@time;" of all records that count; the key is a big-endian integer. */
static const char *shown(void)
{
	static char text[2048];
	wr_topic_cursor *c;
	wr_record r;
	int64_t next;
	size_t at = 0;

	text[0] = 0;
	OK(wr_topic_cursor_open(topics, spec.topic, 0, 0, &c, &err));
	while (wr_topic_cursor_read(c, &r, 1, &next))
		at += (size_t)snprintf(text + at, sizeof text - at, "%d=%.*s@%lld;",
				       r.key.p ? r.key.p[3] : -1, r.value.p ? (int)r.value.n : 1,
				       r.value.p ? r.value.p : "-", (long long)r.timestamp);
	wr_topic_cursor_close(c);
	return text;
}

static void kinds_of_rows(void **state)
{
	wr_buf mark = { 0 };
	wr_sink_writer *w;
	wr_sink *s = open_sink((wr_str){ 0 }, &w);

	(void)state;
	row(WR_ROW_INSERT, 1, "a");
	row(WR_ROW_INSERT_NULL, 2, NULL);
	row(WR_ROW_NEW, 3, "n");
	row(WR_ROW_OLD, 4, "o");
	row(WR_ROW_BEFORE, 5, "b");
	row(WR_ROW_AFTER, 5, "c");
	row(WR_ROW_GONE, 6, NULL);
	write_batch(w);
	assert_string_equal(shown(), "");
	commit(s, 1, &mark);
	assert_string_equal(shown(),
			    "1={\"NAME\":\"a\"}@1000;2=-@1001;3={\"NAME\":\"n\"}@1002;4=-@1003;"
			    "5={\"NAME\":\"c\"}@1005;6=-@1006;");
	s->def->close(s);
	wr_buf_free(&mark);
}

/* A run that ends without commit leaves nothing behind; the next one goes on from the mark. */
static void from_the_last_mark(void **state)
{
	wr_buf mark = { 0 };
	wr_sink_writer *w;
	wr_sink *s = open_sink((wr_str){ 0 }, &w);

	(void)state;
	row(WR_ROW_NEW, 1, "a");
	write_batch(w);
	commit(s, 1, &mark);
	row(WR_ROW_NEW, 2, "lost");
	write_batch(w);
	s->def->close(s);
	s = open_sink(wr_buf_view(&mark), &w);
	row(WR_ROW_NEW, 3, "b");
	write_batch(w);
	assert_string_equal(shown(), "1={\"NAME\":\"a\"}@1000;");
	commit(s, 2, &mark);
	assert_string_equal(shown(), "1={\"NAME\":\"a\"}@1000;3={\"NAME\":\"b\"}@1000;");
	s->def->close(s);
	wr_buf_free(&mark);
}

/* The first epoch is marked before anything is written; what comes then does not count by that mark. */
static void the_empty_epoch(void **state)
{
	wr_buf mark = { 0 };
	wr_sink_writer *w;
	wr_sink *s = open_sink((wr_str){ 0 }, &w);

	(void)state;
	OK(s->def->mark(s, 0, &mark, &err));
	row(WR_ROW_NEW, 1, "lost");
	write_batch(w);
	s->def->close(s);
	s = open_sink(wr_buf_view(&mark), &w);
	assert_string_equal(shown(), "");
	row(WR_ROW_NEW, 2, "b");
	write_batch(w);
	commit(s, 1, &mark);
	assert_string_equal(shown(), "2={\"NAME\":\"b\"}@1000;");
	s->def->close(s);
	wr_buf_free(&mark);
}

/* The commit came, the word about it did not: the next run is opened with the new mark, and the rows count. */
static void committed_but_not_told(void **state)
{
	wr_buf mark = { 0 };
	wr_sink_writer *w;
	wr_sink *s = open_sink((wr_str){ 0 }, &w);

	(void)state;
	row(WR_ROW_NEW, 1, "a");
	write_batch(w);
	OK(s->def->mark(s, 1, &mark, &err));
	s->def->close(s);
	assert_string_equal(shown(), "");
	s = open_sink(wr_buf_view(&mark), &w);
	assert_string_equal(shown(), "1={\"NAME\":\"a\"}@1000;");
	s->def->close(s);
	wr_buf_free(&mark);
}

/* Rows moved by hand: several steps of one epoch are shown one after the other. */
static void several_steps_of_an_epoch(void **state)
{
	wr_buf mark = { 0 };
	wr_sink_writer *w;
	wr_sink *s = open_sink((wr_str){ 0 }, &w);

	(void)state;
	for (int i = 1; i < 4; i++) {
		row(WR_ROW_NEW, i, "x");
		write_batch(w);
		commit(s, 1, &mark);
	}
	assert_string_equal(
	    shown(), "1={\"NAME\":\"x\"}@1000;2={\"NAME\":\"x\"}@1000;3={\"NAME\":\"x\"}@1000;");
	s->def->close(s);
	wr_buf_free(&mark);
}

static void many_rows(void **state)
{
	wr_buf mark = { 0 };
	wr_sink_writer *w;
	wr_sink *s = open_sink((wr_str){ 0 }, &w);

	(void)state;
	for (int i = 0; i < 1000; i++)
		row(WR_ROW_NEW, i, "some name that is longer than others");
	write_batch(w);
	commit(s, 1, &mark);
	assert_int_equal(wr_topics_end(topics, spec.topic, 0), 1000);
	s->def->close(s);
	wr_buf_free(&mark);
}

static void a_topic_has_no_properties(void **state)
{
	wr_sink_prop prop = { WR_STR_LIT("COLOUR"), WR_STR_LIT("red"), { 7, 6 } };

	(void)state;
	spec.nprops = 1;
	spec.props = &prop;
	assert_int_equal(wr_sink_find(WR_STR_LIT("MEMORY"))->check(&spec, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_STATEMENT);
	assert_int_equal(err.span.at, 7);
	assert_null(wr_sink_find(WR_STR_LIT("carrier pigeon")));
}

#define M(f) cmocka_unit_test_setup_teardown(f, in_memory, end)
#define D(f) cmocka_unit_test_setup_teardown(f, on_disk, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		M(kinds_of_rows),
		M(from_the_last_mark),
		M(the_empty_epoch),
		M(committed_but_not_told),
		M(several_steps_of_an_epoch),
		M(many_rows),
		M(a_topic_has_no_properties),
		D(kinds_of_rows),
		D(from_the_last_mark),
		D(the_empty_epoch),
		D(committed_but_not_told),
		D(several_steps_of_an_epoch),
		D(many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
