/*
 * Dates and times: texts by patterns, arithmetic with units, now.
 *
 * Patterns are java.time's, compiled by core/time_pattern.c; a constant pattern and a constant zone
 * once, when the call is bound. What comes out of rows is compiled per row in the batch's arena, a
 * run of equal ones once.
 *
 * One table of "forms" serves all functions that read or write texts: what the moment is
 * (TIMESTAMP, DATE, TIME, or the numbers of the older functions), and which zone is meant when none
 * is given. A DATE is the instant of its midnight in UTC, a TIME that of 1970-01-01.
 *
 *	PARSE_TIMESTAMP('2020-05-11 10:00', 'yyyy-MM-dd HH:mm', 'Europe/London')
 */
#include "core/clock.h"
#include "core/time_text.h"
#include "functions/families.h"
#include "functions/kernel.h"

#define STR(k, row) WR_ARG(wr_str, k, row)

/* Floor of ms as days. */
static int64_t days_of(int64_t ms)
{
	int64_t rest = ms % WR_MS_DAY;

	return ms / WR_MS_DAY - (rest < 0);
}

/* ---------------------------------------------------------------- patterns and zones */

typedef struct ready {
	const wr_time_pattern *pattern; /* NULL: comes with the row */
	const wr_zone *zone;		/* the same */
} ready;

static const wr_type *bind_format(wr_arena *a, const wr_type *const *types,
				  const wr_vec *const *consts, uint32_t n, const void **bound,
				  wr_err *err)
{
	ready *r = WR_NEW(a, ready);

	*bound = r;
	if (consts[1] && !wr_vec_is_null(consts[1], 0)) {
		r->pattern = wr_time_pattern_new(a, wr_arena_str(a, wr_vec_str(consts[1], 0)), err);
		if (!r->pattern) {
			wr_err_hint(err, "patterns are written as yyyy-MM-dd''T''HH:mm:ss.SSSXXX");
			return NULL;
		}
	}
	if (n > 2 && consts[2] && !wr_vec_is_null(consts[2], 0)) {
		r->zone = wr_zone_get(wr_vec_str(consts[2], 0));
		if (!r->zone) {
			wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "there is no time zone %.*s",
				   WR_STR_ARG(wr_vec_str(consts[2], 0)));
			wr_err_hint(err, "zones are written as 'Europe/Rome', 'UTC' or '+02:00'");
			return NULL;
		}
	}
	return types[0];
}

/* The pattern and zone of the row that was asked for last. */
typedef struct formats {
	ready now;
	wr_str text; /* now.pattern's, when it came with a row */
} formats;

static bool pattern_of(wr_fn_cx *cx, wr_vec *out, uint32_t row, wr_str text, formats *f)
{
	const ready *bound = cx->bound;
	wr_err err = WR_ERR_INIT;

	if (bound && bound->pattern) {
		f->now.pattern = bound->pattern;
		return true;
	}
	if (f->now.pattern && wr_str_eq(f->text, text))
		return true;
	f->text = text;
	f->now.pattern = wr_time_pattern_new(cx->arena, text, &err);
	if (!f->now.pattern)
		wr_fn_fail(cx, out, row, "%s", err.message);
	return f->now.pattern != NULL;
}

static bool zone_of(wr_fn_cx *cx, wr_vec *out, uint32_t row, wr_str name, const wr_zone **zone)
{
	*zone = wr_zone_get(name);
	if (!*zone)
		wr_fn_fail(cx, out, row, "there is no time zone %.*s", WR_STR_ARG(name));
	return *zone != NULL;
}

/* false: the row is null or failed. */
static bool formats_of(wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, wr_vec *out,
		       uint32_t row, formats *f)
{
	const ready *bound = cx->bound;

	if (wr_fn_null(cx, row) || !pattern_of(cx, out, row, STR(1, row), f))
		return false;
	if (nargs < 3)
		return true;
	f->now.zone = bound->zone;
	return f->now.zone || zone_of(cx, out, row, STR(2, row), &f->now.zone);
}

/* ---------------------------------------------------------------- PARSE_…, STRINGTO… */

/* Puts an instant as what the function gives. */
static void put_moment(wr_fn_cx *cx, wr_vec *out, uint32_t row, int64_t ms, wr_tag as)
{
	int64_t days = days_of(ms);

	if (as == WR_TIMESTAMP) {
		((int64_t *)out->data)[row] = ms;
	} else if (as == WR_DATE &&
		   (ms != days * WR_MS_DAY || days < INT32_MIN || days > INT32_MAX)) {
		wr_fn_fail(cx, out, row,
			   "the text has a time of day, or is beyond what a DATE can hold");
	} else if (as == WR_TIME && days != 0) {
		wr_fn_fail(cx, out, row, "the text has a date");
	} else {
		((int32_t *)out->data)[row] = (int32_t)(as == WR_DATE ? days : ms);
	}
}

typedef struct form {
	wr_tag as;   /* TIMESTAMP also for a BIGINT of ms, DATE also for an INTEGER of days */
	bool local;  /* the computer's zone where none is given, else UTC */
	bool prefix; /* something may stand behind the text that matches */
	bool day;    /* a time of day is read, and left out */
} form;

/* UTC by its older name: a pattern that shows the zone shows GMT. */
static const wr_zone *zone_of_form(form as)
{
	return as.local ? wr_zone_local() : wr_zone_get(WR_STR_LIT("GMT"));
}

static void parse(wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, wr_vec *out, form as)
{
	formats f = { { NULL, zone_of_form(as) }, { NULL, 0 } };

	for (uint32_t i = 0; i < cx->rows; i++) {
		int64_t ms;

		if (!formats_of(cx, args, nargs, out, i, &f))
			continue;
		if ((as.prefix ? wr_time_pattern_parse_prefix
			       : wr_time_pattern_parse)(f.now.pattern, STR(0, i), f.now.zone, &ms))
			put_moment(cx, out, i, as.day ? days_of(ms) * WR_MS_DAY : ms, as.as);
		else
			wr_fn_fail(cx, out, i, "'%.*s' does not match the pattern '%.*s'",
				   WR_STR_ARG(STR(0, i)), WR_STR_ARG(STR(1, i)));
	}
}

/* ---------------------------------------------------------------- FORMAT_…, …TOSTRING */

static int64_t moment_at(const wr_vec *v, uint32_t row, wr_tag as)
{
	uint32_t at = wr_vec_at(v, row);

	if (as == WR_TIMESTAMP)
		return ((const int64_t *)v->data)[at];
	return ((const int32_t *)v->data)[at] * (as == WR_DATE ? (int64_t)WR_MS_DAY : 1);
}

/* What a pattern must not speak of when it writes such values. */
static unsigned unknown_to(wr_tag as)
{
	return as == WR_DATE   ? WR_PATTERN_TIME | WR_PATTERN_ZONE
	       : as == WR_TIME ? WR_PATTERN_DATE | WR_PATTERN_ZONE
			       : 0;
}

static void format(wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, wr_vec *out, form as)
{
	formats f = { { NULL, zone_of_form(as) }, { NULL, 0 } };
	wr_buf text = { 0 };

	for (uint32_t i = 0; i < cx->rows; i++) {
		if (!formats_of(cx, args, nargs, out, i, &f))
			continue;
		if (wr_time_pattern_uses(f.now.pattern) & unknown_to(as.as)) {
			wr_fn_fail(cx, out, i,
				   "the pattern '%.*s' asks for what a %s does not have",
				   WR_STR_ARG(STR(1, i)), wr_tag_name(as.as));
			continue;
		}
		wr_buf_reset(&text);
		wr_time_pattern_format(f.now.pattern, moment_at(args[0], i, as.as), f.now.zone,
				       &text);
		wr_out_str(out, i, wr_arena_str(cx->arena, wr_buf_view(&text)));
	}
	wr_buf_free(&text);
}

#define EVAL_TEXT(name, way, ...)                                                                  \
	static void eval_##name(WR_KERNEL)                                                         \
	{                                                                                          \
		way(cx, args, nargs, out, (form){ __VA_ARGS__ });                                  \
	}
EVAL_TEXT(parse_timestamp, parse, WR_TIMESTAMP, .prefix = false)
EVAL_TEXT(parse_date, parse, WR_DATE, .prefix = true)
EVAL_TEXT(parse_days, parse, WR_DATE, .day = true)
EVAL_TEXT(parse_time, parse, WR_TIME, .prefix = false)
EVAL_TEXT(parse_local, parse, WR_TIMESTAMP, .local = true)
EVAL_TEXT(format_timestamp, format, WR_TIMESTAMP, .prefix = false)
EVAL_TEXT(format_date, format, WR_DATE, .prefix = false)
EVAL_TEXT(format_time, format, WR_TIME, .prefix = false)
EVAL_TEXT(format_local, format, WR_TIMESTAMP, .local = true)

/* ---------------------------------------------------------------- numbers and moments, now,
 * zones */

static void eval_same_long(WR_KERNEL)
{
	WR_EACH1(int64_t, int64_t, x);
}

static void eval_same_int(WR_KERNEL)
{
	WR_EACH1(int32_t, int32_t, x);
}

static void eval_now(WR_KERNEL)
{
	int64_t now = wr_clock_ms();

	(void)args, (void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		((int64_t *)out->data)[i] = now;
}

static void eval_today(WR_KERNEL)
{
	int64_t today = days_of(wr_clock_ms());

	(void)args, (void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		((int32_t *)out->data)[i] = (int32_t)today;
}

/* By the difference of the two zones' offsets at the instant. */
static void eval_convert_tz(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		const wr_zone *from, *to;
		int64_t ms = WR_ARG(int64_t, 0, i);

		if (wr_fn_null(cx, i) || !zone_of(cx, out, i, STR(1, i), &from) ||
		    !zone_of(cx, out, i, STR(2, i), &to))
			continue;
		((int64_t *)out->data)[i] =
		    ms + wr_zone_offset_ms(to, ms) - wr_zone_offset_ms(from, ms);
	}
}

/* ---------------------------------------------------------------- …ADD, …SUB */

/* A unit as ms, or as months. */
typedef struct unit {
	int64_t ms, months;
} unit;

static unit unit_of(wr_str name)
{
	static const struct {
		const char *name;
		unit unit;
	} units[] = {
		{ "MILLISECONDS", { 1, 0 } }, { "SECONDS", { 1000, 0 } },
		{ "MINUTES", { 60000, 0 } },  { "HOURS", { 3600000, 0 } },
		{ "DAYS", { WR_MS_DAY, 0 } }, { "MONTHS", { 0, 1 } },
		{ "YEARS", { 0, 12 } },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (wr_str_ieq(name, wr_str_of(units[i].name)))
			return units[i].unit;
	return (unit){ 0, 0 };
}

/* A TIME has no months. */
static const wr_type *bind_unit(wr_arena *a, const wr_type *const *types,
				const wr_vec *const *consts, uint32_t n, const void **bound,
				wr_err *err)
{
	unit *u = WR_NEW(a, unit);

	(void)n;
	*u = consts[0] ? unit_of(wr_vec_str(consts[0], 0)) : (unit){ 0, 0 };
	*bound = u;
	if (u->ms || (u->months && types[2]->tag != WR_TIME))
		return types[2];
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "%.*s is no unit that can be added to a %s",
		   consts[0] ? (int)wr_vec_str(consts[0], 0).n : 0,
		   consts[0] ? wr_vec_str(consts[0], 0).p : "", wr_tag_name(types[2]->tag));
	return NULL;
}

/* The same day so many months on, or the last of its month. */
static int64_t add_months(int64_t ms, int64_t months)
{
	int64_t days = days_of(ms), month;
	wr_civil c = wr_civil_from_days(days);
	int last;

	month = c.year * 12 + (c.month - 1) + months;
	c.year = month / 12 - (month % 12 < 0);
	c.month = (int)(month - c.year * 12) + 1;
	last = wr_days_of_month(c.year, c.month);
	if (c.day > last)
		c.day = last;
	return wr_days_from_civil(c) * WR_MS_DAY + (ms - days * WR_MS_DAY);
}

static void put_shifted(wr_fn_cx *cx, wr_vec *out, uint32_t row, int64_t ms, wr_tag as)
{
	int64_t days;

	switch (as) {
	case WR_TIMESTAMP: ((int64_t *)out->data)[row] = ms; return;
	case WR_TIME: ((int32_t *)out->data)[row] = (int32_t)(ms - days_of(ms) * WR_MS_DAY); return;
	default:
		days = ms / WR_MS_DAY;
		if (days < INT32_MIN || days > INT32_MAX)
			wr_fn_fail(cx, out, row, "the day is beyond what a DATE can hold");
		else
			((int32_t *)out->data)[row] = (int32_t)days;
	}
}

static void shift(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, int sign)
{
	const unit *u = cx->bound;
	wr_tag as = out->type->tag;

	for (uint32_t i = 0; i < cx->rows; i++) {
		int64_t n = (int64_t)sign * WR_ARG(int32_t, 1, i), ms = moment_at(args[2], i, as);

		if (wr_fn_null(cx, i))
			continue;
		if (u->months)
			ms = add_months(ms, n * u->months);
		else if (__builtin_add_overflow(ms, n * u->ms, &ms)) {
			wr_fn_fail(cx, out, i, "the instant is beyond what a TIMESTAMP can hold");
			continue;
		}
		put_shifted(cx, out, i, ms, as);
	}
}

static void eval_add(WR_KERNEL)
{
	(void)nargs;
	shift(cx, args, out, 1);
}

static void eval_sub(WR_KERNEL)
{
	(void)nargs;
	shift(cx, args, out, -1);
}

#define STRICT WR_FN_STRICT | WR_FN_PURE

const wr_fn wr_fns_time[] = {
	{ "CONVERT_TZ", "TIMESTAMP, STRING, STRING", "TIMESTAMP", STRICT, eval_convert_tz, NULL,
	  "A local time of one zone as that of another.",
	  "CONVERT_TZ(CAST('2020-05-11T10:00' AS TIMESTAMP), 'UTC', '+0200') => "
	  "CAST('2020-05-11T12:00' AS TIMESTAMP)" },
	{ "DATEADD", "UNIT, INTEGER, DATE", "DATE", STRICT, eval_add, bind_unit,
	  "So many units after a day; parts of days are dropped.",
	  "DATEADD(DAYS, 3, CAST('2020-02-27' AS DATE)) => CAST('2020-03-01' AS DATE)" },
	{ "DATESUB", "UNIT, INTEGER, DATE", "DATE", STRICT, eval_sub, bind_unit,
	  "So many units before a day; parts of days are dropped.",
	  "DATESUB(MONTHS, 1, CAST('2020-03-31' AS DATE)) => CAST('2020-02-29' AS DATE)" },
	{ "DATETOSTRING", "INTEGER, STRING", "STRING", STRICT, eval_format_date, bind_format,
	  "A number of days since 1970-01-01 as a text by a pattern. FORMAT_DATE takes a DATE.",
	  "DATETOSTRING(18414, 'dd.MM.yyyy') => '01.06.2020'" },
	{ "FORMAT_DATE", "DATE, STRING", "STRING", STRICT, eval_format_date, bind_format,
	  "A day as a text by a pattern.",
	  "FORMAT_DATE(CAST('2020-06-01' AS DATE), 'dd.MM.yyyy') => '01.06.2020'" },
	{ "FORMAT_TIME", "TIME, STRING", "STRING", STRICT, eval_format_time, bind_format,
	  "A time of day as a text by a pattern.",
	  "FORMAT_TIME(CAST('20:34:00' AS TIME), 'h:mm a') => '8:34 PM'" },
	{ "FORMAT_TIMESTAMP", "TIMESTAMP, STRING, STRING?", "STRING", STRICT, eval_format_timestamp,
	  bind_format, "An instant as a text by a pattern, as clocks in a zone (UTC) show it.",
	  "FORMAT_TIMESTAMP(FROM_UNIXTIME(0), 'yyyy-MM-dd HH:mm', '+01:00') => '1970-01-01 "
	  "01:00'" },
	{ "FROM_DAYS", "INTEGER", "DATE", STRICT, eval_same_int, NULL,
	  "The day so many days after 1970-01-01.", "FROM_DAYS(31) => CAST('1970-02-01' AS DATE)" },
	{ "FROM_UNIXTIME", "BIGINT", "TIMESTAMP", STRICT, eval_same_long, NULL,
	  "The instant so many milliseconds after 1970 began in UTC.",
	  "FROM_UNIXTIME(1000) => CAST('1970-01-01T00:00:01' AS TIMESTAMP)" },
	{ "PARSE_DATE", "STRING, STRING", "DATE", STRICT, eval_parse_date, bind_format,
	  "The day that a text begins with, by a pattern.",
	  "PARSE_DATE('11-May-2020', 'dd-MMM-yyyy') => CAST('2020-05-11' AS DATE)" },
	{ "PARSE_TIME", "STRING, STRING", "TIME", STRICT, eval_parse_time, bind_format,
	  "The time of day that a text names by a pattern.",
	  "PARSE_TIME('8:34 pm', 'h:mm a') => CAST('20:34' AS TIME)" },
	{ "PARSE_TIMESTAMP", "STRING, STRING, STRING?", "TIMESTAMP", STRICT, eval_parse_timestamp,
	  bind_format,
	  "The instant that a text names by a pattern, in a zone (UTC) if the text names none.",
	  "PARSE_TIMESTAMP('2020-05-11 10:00', 'yyyy-MM-dd HH:mm') => CAST('2020-05-11T10:00' AS "
	  "TIMESTAMP)" },
	{ "STRINGTODATE", "STRING, STRING", "INTEGER", STRICT, eval_parse_days, bind_format,
	  "The day that a text names by a pattern, as a number of days since 1970-01-01. "
	  "PARSE_DATE gives a DATE.",
	  "STRINGTODATE('01.06.2020', 'dd.MM.yyyy') => 18414" },
	{ "STRINGTOTIMESTAMP", "STRING, STRING, STRING?", "BIGINT", STRICT, eval_parse_local,
	  bind_format,
	  "The instant that a text names by a pattern, in milliseconds; in this computer's zone if "
	  "none is named.",
	  "STRINGTOTIMESTAMP('1970-01-01 01:00', 'yyyy-MM-dd HH:mm', 'UTC') => 3600000" },
	{ "TIMEADD", "UNIT, INTEGER, TIME", "TIME", STRICT, eval_add, bind_unit,
	  "So many units later; midnight is followed by the day's beginning.",
	  "TIMEADD(HOURS, 2, CAST('23:30' AS TIME)) => CAST('01:30' AS TIME)" },
	{ "TIMESTAMPADD", "UNIT, INTEGER, TIMESTAMP", "TIMESTAMP", STRICT, eval_add, bind_unit,
	  "So many units later.",
	  "TIMESTAMPADD(SECONDS, 90, CAST('2020-01-01' AS TIMESTAMP)) => "
	  "CAST('2020-01-01T00:01:30' AS TIMESTAMP)" },
	{ "TIMESTAMPSUB", "UNIT, INTEGER, TIMESTAMP", "TIMESTAMP", STRICT, eval_sub, bind_unit,
	  "So many units earlier.",
	  "TIMESTAMPSUB(YEARS, 1, CAST('2020-02-29' AS TIMESTAMP)) => CAST('2019-02-28' AS "
	  "TIMESTAMP)" },
	{ "TIMESTAMPTOSTRING", "BIGINT, STRING, STRING?", "STRING", STRICT, eval_format_local,
	  bind_format,
	  "Milliseconds since 1970 as a text by a pattern, in a zone or this computer's. "
	  "FORMAT_TIMESTAMP takes a TIMESTAMP.",
	  "TIMESTAMPTOSTRING(0, 'yyyy-MM-dd HH:mm', 'UTC') => '1970-01-01 00:00'" },
	{ "TIMESUB", "UNIT, INTEGER, TIME", "TIME", STRICT, eval_sub, bind_unit,
	  "So many units earlier; before the day's beginning comes its end.",
	  "TIMESUB(MINUTES, 1, CAST('00:00' AS TIME)) => CAST('23:59' AS TIME)" },
	{ "UNIX_DATE", "", "INTEGER", 0, eval_today, NULL,
	  "Today as a number of days since 1970-01-01.", NULL },
	{ "UNIX_DATE", "DATE", "INTEGER", STRICT, eval_same_int, NULL,
	  "A day as a number of days since 1970-01-01.",
	  "UNIX_DATE(CAST('1970-02-01' AS DATE)) => 31" },
	{ "UNIX_TIMESTAMP", "", "BIGINT", 0, eval_now, NULL, "Now in milliseconds since 1970.",
	  NULL },
	{ "UNIX_TIMESTAMP", "TIMESTAMP", "BIGINT", STRICT, eval_same_long, NULL,
	  "An instant in milliseconds since 1970.",
	  "UNIX_TIMESTAMP(CAST('1970-01-01T00:00:01' AS TIMESTAMP)) => 1000" },
	{ 0 },
};
