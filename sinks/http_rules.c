/*
 * What an endpoint's status means. The rule, which docs/sinks.md tells users:
 *
 *	2xx			delivered; nothing else is
 *	408 425 429 5xx		the same request again
 *	1xx 3xx			again: redirects are not followed, the URL may be mended
 *	400 413 422		a batch is halved down to the row that is not wanted; that is a dead letter
 *	other 4xx		a dead letter
 *	no answer		again
 *
 * ON_STATUS changes it: a list of statuses (404), classes (4XX) or ranges (500-504), each with OK,
 * RETRY, DEAD_LETTER or SPLIT. What is more particular counts: a status beats a range, a range a
 * class, wherever they stand.
 */
#include "core/number.h"
#include "sinks/http.h"

static const char *const words[] = {
	[WR_VERDICT_OK] = "OK",
	[WR_VERDICT_RETRY] = "RETRY",
	[WR_VERDICT_DEAD_LETTER] = "DEAD_LETTER",
	[WR_VERDICT_SPLIT] = "SPLIT",
};

static void fill(wr_http_rules *r, int from, int to, wr_verdict v)
{
	for (int i = from; i <= to; i++)
		r->verdict[i] = (uint8_t)v;
}

static void by_default(wr_http_rules *r)
{
	static const int splits[] = { 400, 413, 422 }, again[] = { 408, 425, 429 };

	fill(r, 0, 599, WR_VERDICT_RETRY);
	fill(r, 200, 299, WR_VERDICT_OK);
	fill(r, 400, 499, WR_VERDICT_DEAD_LETTER);
	for (size_t i = 0; i < 3; i++) {
		fill(r, splits[i], splits[i], WR_VERDICT_SPLIT);
		fill(r, again[i], again[i], WR_VERDICT_RETRY);
	}
}

typedef struct rule {
	int from, to;
	wr_verdict verdict;
} rule;

static bool next_word(const char **p, const char *end, wr_str *word)
{
	while (*p < end && (**p == ' ' || **p == ',' || **p == '\n' || **p == '\t'))
		++*p;
	word->p = *p;
	while (*p < end && **p != ' ' && **p != ',' && **p != '\n' && **p != '\t')
		++*p;
	word->n = (uint32_t)(*p - word->p);
	return word->n > 0;
}

static bool read_status(wr_str t, int *status)
{
	int64_t v;

	if (t.n != 3 || !wr_parse_i64(t, &v) || v < 100 || v > 599)
		return false;
	*status = (int)v;
	return true;
}

static bool read_statuses(wr_str t, rule *r)
{
	if (t.n == 3 && t.p[0] >= '1' && t.p[0] <= '5' && (t.p[1] | 32) == 'x' &&
	    (t.p[2] | 32) == 'x') {
		r->from = (t.p[0] - '0') * 100;
		r->to = r->from + 99;
		return true;
	}
	if (t.n == 7 && t.p[3] == '-')
		return read_status((wr_str){ t.p, 3 }, &r->from) &&
		       read_status((wr_str){ t.p + 4, 3 }, &r->to) && r->from <= r->to;
	r->to = 0;
	if (!read_status(t, &r->from))
		return false;
	r->to = r->from;
	return true;
}

static bool read_action(wr_str t, const char **p, const char *end, rule *r)
{
	const char *before = *p;
	wr_str more;

	for (int i = 0; i < 4; i++)
		if (wr_str_ieq(t, wr_str_of(words[i]))) {
			r->verdict = (wr_verdict)i;
			return true;
		}
	if (wr_str_ieq(t, WR_STR_LIT("DEAD")) && next_word(p, end, &more) &&
	    wr_str_ieq(more, WR_STR_LIT("LETTER"))) {
		r->verdict = WR_VERDICT_DEAD_LETTER;
		return true;
	}
	*p = before;
	return false;
}

static wr_status refuse(const wr_sink_spec *spec, wr_str word, const char *expected, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, "ON_STATUS"),
		   "ON_STATUS: %s expected %s%.*s%s", expected,
		   word.n ? "instead of '" : "at the end", WR_STR_ARG(word), word.n ? "'" : "");
	return wr_err_hint(
	    err,
	    "write it as '409 OK, 404 RETRY, 4XX DEAD_LETTER'; actions are OK, RETRY, DEAD_LETTER and SPLIT");
}

/* Wider rules first, so that narrower ones come over them. */
static void apply(const rule *rules, uint32_t n, wr_http_rules *out)
{
	for (int width = 599; width >= 0; width--)
		for (uint32_t i = 0; i < n; i++)
			if (rules[i].to - rules[i].from == width)
				fill(out, rules[i].from, rules[i].to, rules[i].verdict);
}

wr_status wr_http_rules_read(const wr_sink_spec *spec, wr_str text, wr_http_rules *out, wr_err *err)
{
	const char *p = text.p, *end = text.p + text.n;
	rule rules[64];
	uint32_t n = 0;
	wr_str word;

	by_default(out);
	while (p && next_word(&p, end, &word)) {
		if (n == sizeof rules / sizeof *rules || !read_statuses(word, &rules[n]))
			return refuse(spec, word, "a status such as 404, 4XX or 500-504", err);
		if (!next_word(&p, end, &word) || !read_action(word, &p, end, &rules[n]))
			return refuse(spec, word, "an action", err);
		n++;
	}
	apply(rules, n, out);
	return WR_OK;
}

wr_verdict wr_http_verdict(const wr_http_rules *r, int status)
{
	return status > 0 && status < 600 ? (wr_verdict)r->verdict[status] : WR_VERDICT_RETRY;
}
