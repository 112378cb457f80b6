/* ASSERT [NOT EXISTS] TOPIC: waits, within its time-out, until the topic is there (with the
 * properties named) or gone. */
#include <unistd.h>

#include "core/clock.h"
#include "engine/internal.h"
#include "io/kafka_admin.h"

enum { DEFAULT_TIMEOUT_MS = 1000, LOOK_EVERY_US = 50000 };

static wr_status partitions_of(wr_exec *x, wr_str topic, int32_t *n, wr_err *err)
{
	*n = 0;
	if (!x->e->topics)
		return wr_kafka_topic_partitions(x->e->config.broker, x->e->io.kafka_conf, topic, n,
						 err);
	*n = wr_topics_partitions(x->e->topics, topic);
	return WR_OK;
}

/* The partitions asked for; 0: any number. */
static wr_status wanted_partitions(const wr_stmt_assert *s, int64_t *n, wr_err *err)
{
	*n = 0;
	for (uint32_t i = 0; i < s->props.n; i++) {
		const wr_prop *p = &s->props.items[i];

		if (!wr_str_ieq(p->name.name, WR_STR_LIT("PARTITIONS")))
			return wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, p->name.span,
					  "ASSERT TOPIC looks at PARTITIONS only");
		if (p->value->kind != WR_AST_INTEGER)
			return wr_err_set(err, WR_ERR_STATEMENT, p->value->span,
					  "PARTITIONS is a whole number");
		*n = p->value->integer;
	}
	return WR_OK;
}

static wr_status not_so(wr_exec *x, int32_t n, int64_t want, wr_err *err)
{
	const wr_stmt_assert *s = &x->stmt->assertion;

	if (s->not_exists)
		return wr_err_set(err, WR_ERR_STATEMENT, s->name.span, "topic %.*s exists",
				  WR_STR_ARG(s->name.text));
	if (n <= 0)
		return wr_err_set(err, WR_ERR_STATEMENT, s->name.span, "topic %.*s does not exist",
				  WR_STR_ARG(s->name.text));
	return wr_err_set(err, WR_ERR_STATEMENT, s->name.span,
			  "topic %.*s has %d partitions instead of %lld", WR_STR_ARG(s->name.text),
			  n, (long long)want);
}

wr_status wr_exec_assert_topic(wr_exec *x, wr_err *err)
{
	const wr_stmt_assert *s = &x->stmt->assertion;
	int64_t want, wait = s->timeout.given ? s->timeout.ms : DEFAULT_TIMEOUT_MS;
	int64_t until = wr_clock_mono_ns() + wait * 1000000;
	int32_t n;

	if (wanted_partitions(s, &want, err))
		return WR_FAIL;
	for (;;) {
		if (partitions_of(x, s->name.text, &n, err))
			return WR_FAIL;
		if (s->not_exists ? n <= 0 : n > 0 && (want == 0 || n == want))
			break;
		if (wr_clock_mono_ns() >= until)
			return not_so(x, n, want, err);
		/* Others may make the topic meanwhile: nothing of ours depends on the lock between
		 * two looks. */
		pthread_mutex_unlock(&x->e->lock);
		usleep(LOOK_EVERY_US);
		pthread_mutex_lock(&x->e->lock);
	}
	x->out->object = wr_z(x->arena, s->name.text);
	x->out->object_kind = "topic";
	wr_say(x, WR_OUTCOME_MESSAGE, "Topic %.*s %s.", WR_STR_ARG(s->name.text),
	       s->not_exists ? "does not exist" : "exists");
	return WR_OK;
}
