/* One statement: parsed, its variables substituted, handed to the file that does it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/settings_kafka.h"
#include "engine/internal.h"
#include "io/kafka.h"
#include "parser/parse.h"

const char *wr_z(wr_arena *a, wr_str s)
{
	return wr_arena_str(a, s).p;
}

void wr_say(wr_exec *x, wr_outcome_kind kind, const char *format, ...)
{
	wr_buf b = { 0 };
	char text[4096];
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(text, sizeof text, format, args);

	if (n >= (int)sizeof text) {
		char *p = wr_buf_reserve(&b, (size_t)n + 1);

		vsnprintf(p, (size_t)n + 1, format, again);
		x->out->message = wr_arena_strdup(x->arena, p);
	} else {
		x->out->message = wr_arena_strdup(x->arena, text);
	}
	va_end(again);
	va_end(args);
	wr_buf_free(&b);
	x->out->kind = kind;
}

static wr_status setting(wr_exec *x, wr_err *err)
{
	const wr_stmt_setting *s = &x->stmt->setting;
	wr_status status = WR_OK;

	switch (x->stmt->kind) {
	case WR_STMT_SET:
	case WR_STMT_ALTER_SYSTEM:
		status =
		    wr_engine_set(x->stmt->kind == WR_STMT_SET ? &x->s->settings : &x->e->settings,
				  s->name.text, s->value, err);
		break;
	case WR_STMT_UNSET: status = wr_settings_unset(&x->s->settings, s->name.text, err); break;
	case WR_STMT_DEFINE: wr_session_define_here(x->s, s->name.text, s->value); break;
	default:
		if (!wr_session_undefine(x->s, s->name.text))
			status = wr_err_set(err, WR_ERR_STATEMENT, s->name.span,
					    "there is no variable %.*s", WR_STR_ARG(s->name.text));
	}
	if (status && err->span.length == 0)
		err->span = s->name.span;
	return status;
}

wr_status wr_exec_no_connectors(wr_exec *x, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span, "Weir runs no Kafka Connect connectors");
	return wr_err_hint(
	    err,
	    "run them beside it; CREATE STREAM reads their topics, CREATE SINK writes files, HTTP and topics");
}

static wr_status not_yet(wr_exec *x, wr_err *err)
{
	wr_span span = x->stmt->span;

	return wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, span,
			  "%s is understood, but this version does not run it",
			  wr_stmt_kind_text(x->stmt->kind));
}

void wr_engine_connect_as(wr_engine *e, const wr_exec *x)
{
	e->io.kafka_conf = wr_settings_kafka(&x->s->settings, x->arena);
}

wr_status wr_engine_set(wr_settings *s, wr_str name, wr_str value, wr_err *err)
{
	wr_str property;

	if (wr_setting_is_kafka(name, &property) && wr_kafka_check_property(property, value, err))
		return WR_FAIL;
	return wr_settings_set(s, name, value, err);
}

wr_status wr_exec_statement(wr_exec *x, wr_err *err)
{
	wr_engine_connect_as(x->e, x);
	switch (x->stmt->kind) {
	case WR_STMT_CREATE_SOURCE:
	case WR_STMT_CREATE_SINK:
	case WR_STMT_INSERT_QUERY:
	case WR_STMT_ALTER: return wr_exec_define(x, err);
	case WR_STMT_CREATE_TYPE: return wr_exec_type(x, err);
	case WR_STMT_INSERT_VALUES: return wr_exec_insert_values(x, err);
	case WR_STMT_QUERY: return wr_exec_select(x, err);
	case WR_STMT_DROP: return wr_exec_drop(x, err);
	case WR_STMT_TERMINATE:
	case WR_STMT_PAUSE:
	case WR_STMT_RESUME: return wr_exec_query_id(x, err);
	case WR_STMT_SET:
	case WR_STMT_UNSET:
	case WR_STMT_ALTER_SYSTEM:
	case WR_STMT_DEFINE:
	case WR_STMT_UNDEFINE: return setting(x, err);
	case WR_STMT_SHOW: return wr_exec_show(x, err);
	case WR_STMT_DESCRIBE: return wr_exec_describe(x, err);
	case WR_STMT_EXPLAIN: return wr_exec_explain(x, err);
	case WR_STMT_BACKUP: return wr_exec_backup(x, err);
	case WR_STMT_ASSERT_TOPIC: return wr_exec_assert_topic(x, err);
	case WR_STMT_PRINT: return wr_exec_print(x, err);
	case WR_STMT_SAMPLE: return wr_exec_sample(x, err);
	case WR_STMT_RUN_SCRIPT:
		wr_say(x, WR_OUTCOME_SCRIPT, "%.*s", WR_STR_ARG(x->stmt->text.text));
		return WR_OK;
	case WR_STMT_ASSERT_VALUES:
	case WR_STMT_ASSERT_NULL_VALUES:
	case WR_STMT_ASSERT_SOURCE:
		return wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span,
				  "%s stands in test scripts only",
				  wr_stmt_kind_text(x->stmt->kind));
	case WR_STMT_CREATE_CONNECTOR: return wr_exec_no_connectors(x, err);
	case WR_STMT_ASSERT_SCHEMA:
		wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span,
			   "schemas are kept by a schema registry, and Weir has no client for one");
		return wr_err_hint(err, "DESCRIBE shows the columns of a stream or table");
	default: return not_yet(x, err);
	}
}

/* A SELECT's own text is what its spans count in; for the others the statement alone is kept. */
static wr_str own_text(wr_str text, wr_span span)
{
	return (wr_str){ text.p + span.at, span.length };
}

wr_status wr_engine_execute_as(wr_engine *e, wr_session *s, wr_arena *a, const wr_stmt *stmt,
			       wr_str text, bool replace, wr_outcome *out, wr_err *err)
{
	wr_exec x = { .e = e,
		      .s = s,
		      .arena = a,
		      .stmt = stmt,
		      .text = own_text(text, stmt->span),
		      .out = out,
		      .replace = replace };

	*out =
	    (wr_outcome){ .kind = WR_OUTCOME_NONE, .stmt = stmt, .text = wr_arena_str(a, x.text) };
	pthread_mutex_lock(&e->lock);
	wr_status status = wr_exec_statement(&x, err);

	pthread_mutex_unlock(&e->lock);
	return status;
}

wr_status wr_engine_execute(wr_engine *e, wr_session *s, wr_arena *a, const wr_stmt *stmt,
			    wr_str text, wr_outcome *out, wr_err *err)
{
	return wr_engine_execute_as(e, s, a, stmt, text, false, out, err);
}

wr_status wr_engine_plan(wr_engine *e, wr_session *s, wr_arena *a, const wr_stmt *stmt, wr_str text,
			 struct wr_plan *out, wr_err *err)
{
	wr_exec x = {
		.e = e, .s = s, .arena = a, .stmt = stmt, .text = own_text(text, stmt->span)
	};

	pthread_mutex_lock(&e->lock);
	wr_status status = wr_exec_plan(&x, a, stmt, out, err);

	pthread_mutex_unlock(&e->lock);
	return status;
}

/* The next statement of text with its variables replaced: *shown; spans count in it. */
static wr_status next_text(wr_session *s, wr_arena *a, wr_str text, uint32_t *at, bool *found,
			   wr_str *shown, wr_err *err)
{
	wr_span span;

	*found = wr_parse_split(text, at, &span);
	*shown = text;
	if (!*found)
		return WR_OK;
	if (!wr_setting_bool(&s->settings, WR_SET_VARIABLE_SUBSTITUTION))
		return WR_OK;
	wr_str own = own_text(text, span), replaced;

	if (wr_substitute(a, own, wr_session_lookup, s, &replaced, err)) {
		err->span.at += span.at;
		return WR_FAIL;
	}
	if (replaced.p == own.p)
		return WR_OK;
	*shown = replaced;
	return WR_OK;
}

wr_status wr_engine_parse(wr_session *s, wr_arena *a, wr_str text, uint32_t *at, bool *found,
			  wr_stmt **stmt, wr_str *shown, wr_err *err)
{
	uint32_t begin = *at, zero = 0;

	*stmt = NULL;
	if (next_text(s, a, text, at, found, shown, err))
		return WR_FAIL;
	if (*found && wr_parse_next(a, *shown, shown->p == text.p ? &begin : &zero, stmt, err))
		return WR_FAIL;
	*found = *stmt != NULL;
	return WR_OK;
}

wr_status wr_engine_next(wr_engine *e, wr_session *s, wr_arena *a, wr_str text, uint32_t *at,
			 bool *found, wr_outcome *out, wr_str *shown, wr_err *err)
{
	wr_stmt *stmt;

	*shown = text;
	*found = false;
	if (wr_engine_parse(s, a, text, at, found, &stmt, shown, err))
		return WR_FAIL;
	if (!*found)
		return WR_OK;
	return wr_engine_execute(e, s, a, stmt, *shown, out, err);
}
