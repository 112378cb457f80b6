/*
 * Reading a text by a pattern.
 *
 * First the items take what they can from the text, left to right, into fields; then the fields
 * become a date and a time. Where a number may have any width and fixed numbers stand right behind
 * it, it leaves them their digits (wr_item.reserve):
 *
 *	yyyyMMdd  "120200131"   y has 9 digits in sight and leaves 4: 12020 — which needs a +, so no match
 *
 * The resolving is that of Java's SMART style, which the dialect's functions use: values out of a
 * field's range do not match, but a day from 29 to 31 that the month lacks becomes its last day;
 * 24:00 is midnight of the next day. What is not said is taken from 1970-01-01T00:00:00. A name of
 * the weekday that is not that of the date does not match.
 */
#include "core/time_pattern_items.h"

#include <stdio.h>
#include <strings.h>

/* Fields by letter; which were read is a bit per letter. */
typedef struct reading {
	const char *p, *end;
	int64_t value[26 + 26];
	uint64_t have;
	int64_t nanos;
	const wr_zone *zone;
} reading;

static unsigned slot(char letter)
{
	return letter >= 'a' ? (unsigned)(letter - 'a') : 26 + (unsigned)(letter - 'A');
}

static bool has(const reading *r, char letter)
{
	return r->have >> slot(letter) & 1;
}

static int64_t get(const reading *r, char letter, int64_t otherwise)
{
	return has(r, letter) ? r->value[slot(letter)] : otherwise;
}

/* A field read twice must say the same. */
static bool set(reading *r, char letter, int64_t v)
{
	if (has(r, letter) && r->value[slot(letter)] != v)
		return false;
	r->value[slot(letter)] = v;
	r->have |= (uint64_t)1 << slot(letter);
	return true;
}

static unsigned digits_ahead(const reading *r, unsigned most)
{
	unsigned n = 0;

	while (n < most && r->p + n < r->end && r->p[n] >= '0' && r->p[n] <= '9')
		n++;
	return n;
}

static bool take_digits(reading *r, unsigned n, int64_t *out)
{
	int64_t v = 0;

	for (; n; n--, r->p++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *r->p - '0', &v))
			return false;
	*out = v;
	return true;
}

static bool read_number(reading *r, const wr_item *it)
{
	char sign = r->p < r->end && (*r->p == '-' || *r->p == '+') ? *r->p : 0;
	unsigned n;
	int64_t v;

	if (sign && (it->sign == WR_SIGN_NEVER || (sign == '+' && it->sign == WR_SIGN_MINUS)))
		return false;
	r->p += sign != 0;
	n = digits_ahead(r, (unsigned)it->max + it->reserve);
	if (it->reserve)
		n = n > it->reserve + it->min ? n - it->reserve : it->min;
	if (n < it->min || n > digits_ahead(r, n))
		return false;
	if (it->sign == WR_SIGN_EXCEEDS && sign != '-' && (sign == '+') != (n > it->min))
		return false;
	if (!take_digits(r, n, &v))
		return false;
	if (it->reduced)
		v += 2000;
	return set(r, (char)it->letter, sign == '-' ? -v : v);
}

static bool read_fraction(reading *r, const wr_item *it)
{
	int64_t v;

	if (digits_ahead(r, it->min) < it->min || !take_digits(r, it->min, &v))
		return false;
	for (unsigned i = it->min; i < 9; i++)
		v *= 10;
	r->nanos = v;
	return true;
}

static bool starts_with(const reading *r, const char *name, size_t n)
{
	return (size_t)(r->end - r->p) >= n && strncasecmp(r->p, name, n) == 0;
}

/* The longest name that fits: "Mar" must not end in "March". */
static bool read_text(reading *r, const wr_item *it)
{
	unsigned n, best = 0;
	size_t length = 0;
	int base;
	const char *const *names = wr_item_names(it, &n, &base);

	for (unsigned i = 0; i < n; i++) {
		size_t z = strlen(names[i]);

		if (z > length && starts_with(r, names[i], z)) {
			best = i;
			length = z;
		}
	}
	r->p += length;
	return length && set(r, (char)it->letter, (int)best + base);
}

/* ---- zones */

/* What people write for z, beyond the names of zones. Where regions share one, the largest. */
static const char *const short_zones[][2] = {
	{ "PST", "America/Los_Angeles" },  { "PDT", "America/Los_Angeles" },
	{ "PT", "America/Los_Angeles" },   { "MST", "America/Denver" },
	{ "MDT", "America/Denver" },	   { "MT", "America/Denver" },
	{ "CST", "America/Chicago" },	   { "CDT", "America/Chicago" },
	{ "CT", "America/Chicago" },	   { "EST", "America/New_York" },
	{ "EDT", "America/New_York" },	   { "ET", "America/New_York" },
	{ "AKST", "America/Anchorage" },   { "AKDT", "America/Anchorage" },
	{ "HST", "Pacific/Honolulu" },	   { "BST", "Europe/London" },
	{ "WET", "Europe/Lisbon" },	   { "WEST", "Europe/Lisbon" },
	{ "CET", "Europe/Paris" },	   { "CEST", "Europe/Paris" },
	{ "EET", "Europe/Bucharest" },	   { "EEST", "Europe/Bucharest" },
	{ "MSK", "Europe/Moscow" },	   { "IST", "Asia/Kolkata" },
	{ "JST", "Asia/Tokyo" },	   { "KST", "Asia/Seoul" },
	{ "HKT", "Asia/Hong_Kong" },	   { "SGT", "Asia/Singapore" },
	{ "AEST", "Australia/Sydney" },	   { "AEDT", "Australia/Sydney" },
	{ "ACST", "Australia/Adelaide" },  { "AWST", "Australia/Perth" },
	{ "NZST", "Pacific/Auckland" },	   { "NZDT", "Pacific/Auckland" },
	{ "BRT", "America/Sao_Paulo" },	   { "ART", "America/Argentina/Buenos_Aires" },
	{ "SAST", "Africa/Johannesburg" }, { "CAT", "Africa/Maputo" },
};

static const wr_zone *short_zone(wr_str text)
{
	for (unsigned i = 0; i < sizeof(short_zones) / sizeof(*short_zones); i++)
		if (wr_str_ieq(text, wr_str_of(short_zones[i][0])))
			return wr_zone_get(wr_str_of(short_zones[i][1]));
	return NULL;
}

static bool in_zone_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '/' || c == '_' || c == '-' || c == '+' || c == ':';
}

/* An id, an offset or a usual abbreviation; the longest that is one. */
static bool read_zone_name(reading *r)
{
	uint32_t n = 0;

	while (r->p + n < r->end && n < 64 && in_zone_name(r->p[n]))
		n++;
	for (; n; n--) {
		wr_str text = { r->p, n };
		const wr_zone *z = short_zone(text);

		if (z || (z = wr_zone_get(text))) {
			r->zone = z;
			r->p += n;
			return true;
		}
	}
	return false;
}

/* How an offset may look: hours always, then what the letters ask for. */
typedef enum part { NONE, MAY, MUST } part;
typedef struct offset_form {
	bool colons;
	part minutes, seconds;
} offset_form;

static bool two_digits(reading *r, bool colon, int *out)
{
	const char *p = r->p;

	if (colon && (p == r->end || *p++ != ':'))
		return false;
	if (r->end - p < 2 || p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*out = (p[0] - '0') * 10 + p[1] - '0';
	r->p = p + 2;
	return *out <= 59;
}

static bool read_offset(reading *r, offset_form f)
{
	int h, m = 0, s = 0;
	char text[48];

	if (r->p == r->end || (*r->p != '+' && *r->p != '-'))
		return false;
	text[0] = *r->p++;
	if (!two_digits(r, false, &h) || h > 18)
		return false;
	if (f.minutes != NONE && !two_digits(r, f.colons, &m) && f.minutes == MUST)
		return false;
	if (f.seconds != NONE)
		two_digits(r, f.colons, &s);
	snprintf(text + 1, sizeof(text) - 1, "%02d:%02d:%02d", h, m, s);
	r->zone = wr_zone_get((wr_str){ text, s ? 9 : 6 });
	return r->zone != NULL;
}

static bool read_gmt(reading *r)
{
	char text[48];
	int h = 0, m = 0;

	if (!starts_with(r, "GMT", 3))
		return false;
	r->p += 3;
	r->zone = wr_zone_utc();
	if (r->p == r->end || (*r->p != '+' && *r->p != '-'))
		return true;
	text[0] = *r->p++;
	for (unsigned n = digits_ahead(r, 2), i = 0; i < n; i++)
		h = h * 10 + (*r->p++ - '0');
	if (r->p < r->end && *r->p == ':' && !two_digits(r, true, &m))
		return false;
	snprintf(text + 1, sizeof(text) - 1, "%02d:%02d", h % 100, m % 100);
	r->zone = wr_zone_get((wr_str){ text, 6 });
	return r->zone != NULL;
}

static bool read_zone(reading *r, const wr_item *it)
{
	bool z_is_zero = it->letter == 'X' || (it->letter == 'Z' && it->min == 5);
	unsigned n = it->min;

	if (it->letter == 'V' || it->letter == 'z')
		return read_zone_name(r);
	if (it->letter == 'O' || (it->letter == 'Z' && n == 4))
		return read_gmt(r);
	if (z_is_zero && starts_with(r, "Z", 1)) {
		r->p++;
		r->zone = wr_zone_utc();
		return true;
	}
	if (it->letter == 'Z')
		return read_offset(r, (offset_form){ n == 5, MUST, n == 5 ? MAY : NONE });
	return read_offset(r, (offset_form){ n == 3 || n == 5, n == 1 ? MAY : MUST,
					     n > 3 ? MAY : NONE });
}

/* ---- walking the items */

static bool read_item(reading *r, const wr_item *it)
{
	switch ((wr_item_kind)it->kind) {
	case WR_ITEM_NUMBER: return read_number(r, it);
	case WR_ITEM_FRACTION: return read_fraction(r, it);
	case WR_ITEM_TEXT: return read_text(r, it);
	case WR_ITEM_ZONE: return read_zone(r, it);
	case WR_ITEM_LITERAL:
		if (!starts_with(r, it->literal.p, it->literal.n))
			return false;
		r->p += it->literal.n;
		return true;
	case WR_ITEM_OPEN:
	case WR_ITEM_CLOSE: break;
	}
	return true;
}

/* Items from..to-1. What is in brackets may fail as a whole; then nothing of it was read. */
static bool read_items(reading *r, const wr_time_pattern *p, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		const wr_item *it = &p->items[i];

		if (it->kind == WR_ITEM_OPEN) {
			reading before = *r;

			if (!read_items(r, p, i + 1, it->max))
				*r = before;
			i = it->max - 1u;
		} else if (!read_item(r, it)) {
			return false;
		}
	}
	return true;
}

/* ---- fields to a date and a time */

static bool in_range(const reading *r, char letter, int64_t least, int64_t most)
{
	return !has(r, letter) || (get(r, letter, 0) >= least && get(r, letter, 0) <= most);
}

static bool ranges(const reading *r)
{
	return in_range(r, 'M', 1, 12) && in_range(r, 'd', 1, 31) && in_range(r, 'D', 1, 366) &&
	       in_range(r, 'y', 1, 999999999) && in_range(r, 'u', -999999999, 999999999) &&
	       in_range(r, 'Q', 1, 4) && in_range(r, 'H', 0, 24) && in_range(r, 'k', 1, 24) &&
	       in_range(r, 'h', 1, 12) && in_range(r, 'K', 0, 11) && in_range(r, 'm', 0, 59) &&
	       in_range(r, 's', 0, 59) && in_range(r, 'A', 0, WR_MS_DAY - 1) &&
	       in_range(r, 'n', 0, 999999999) &&
	       in_range(r, 'N', 0, (int64_t)WR_MS_DAY * 1000000 - 1);
}

static bool year_of(const reading *r, int64_t *year)
{
	int64_t y = get(r, 'y', 1970);

	if (has(r, 'G') && get(r, 'G', 1) == 0)
		y = 1 - y;
	if (has(r, 'u') && has(r, 'y') && get(r, 'u', 0) != y)
		return false;
	*year = get(r, 'u', y);
	return true;
}

static bool resolve_date(const reading *r, int64_t *days)
{
	bool year = has(r, 'y') || has(r, 'u');
	wr_civil c = { 1970, (int)get(r, 'M', 1), (int)get(r, 'd', 1) };
	int64_t weekday;

	if (!year_of(r, &c.year))
		return false;
	if (has(r, 'Q') && (has(r, 'M') ? (c.month + 2) / 3 != get(r, 'Q', 1) : false))
		return false;
	if (c.day > wr_days_of_month(c.year, c.month))
		c.day = wr_days_of_month(c.year, c.month);
	*days = wr_days_from_civil(c);
	if (has(r, 'D')) {
		int64_t first = wr_days_from_civil((wr_civil){ c.year, 1, 1 });

		/* a day of the year means nothing without the year, nor against another date */
		if (!year || (has(r, 'M') && has(r, 'd') && *days != first + get(r, 'D', 1) - 1))
			return false;
		*days = first + get(r, 'D', 1) - 1;
		if (wr_civil_from_days(*days).year != c.year)
			return false;
	}
	weekday = ((*days + 3) % 7 + 7) % 7 + 1;
	if (!has(r, 'E'))
		return true;
	if ((year && has(r, 'M') && has(r, 'd')) || has(r, 'D'))
		return get(r, 'E', 0) == weekday;
	if (!has(r, 'd') && !has(r, 'M') && !year)
		*days += get(r, 'E', 0) - weekday;
	return true;
}

/* Hours of the day from whatever was read; -1 when two ways of saying it differ. */
static int64_t resolve_hour(const reading *r)
{
	int64_t half = get(r, 'a', 0), hour = -1;
	int64_t of_half = has(r, 'h') ? get(r, 'h', 0) % 12 : get(r, 'K', -1);

	if (of_half >= 0)
		hour = of_half + half * 12;
	if (has(r, 'k')) {
		if (hour >= 0 && hour != get(r, 'k', 0) % 24)
			return -1;
		hour = get(r, 'k', 0) % 24;
	}
	if (has(r, 'H')) {
		if (hour >= 0 && hour != get(r, 'H', 0))
			return -1;
		hour = get(r, 'H', 0);
	}
	if (hour < 0)
		return half * 12;
	return has(r, 'a') && hour / 12 != half ? -1 : hour;
}

static bool resolve_time(const reading *r, int64_t *ms)
{
	int64_t nanos = r->nanos + get(r, 'n', 0);
	int64_t hour = resolve_hour(r);
	int64_t rest = get(r, 'm', 0) * 60000 + get(r, 's', 0) * 1000 + nanos / 1000000;

	if (hour < 0 || (hour == 24 && rest))
		return false;
	*ms = hour * 3600000 + rest;
	if (has(r, 'A'))
		*ms = get(r, 'A', 0);
	if (has(r, 'N'))
		*ms = get(r, 'N', 0) / 1000000;
	return true;
}

static bool parse(const wr_time_pattern *p, wr_str text, const wr_zone *zone, bool whole,
		  int64_t *ms)
{
	reading r = { .p = text.p, .end = text.p + text.n };
	int64_t days, time;

	if (!read_items(&r, p, 0, p->n) || (whole && r.p != r.end) || !ranges(&r) ||
	    !resolve_date(&r, &days) || !resolve_time(&r, &time))
		return false;
	if (__builtin_mul_overflow(days, (int64_t)WR_MS_DAY, &days) ||
	    __builtin_add_overflow(days, time, &days))
		return false;
	*ms = wr_zone_to_utc(r.zone ? r.zone : zone, days);
	return true;
}

bool wr_time_pattern_parse(const wr_time_pattern *p, wr_str text, const wr_zone *zone, int64_t *ms)
{
	return parse(p, text, zone, true, ms);
}

bool wr_time_pattern_parse_prefix(const wr_time_pattern *p, wr_str text, const wr_zone *zone,
				  int64_t *ms)
{
	return parse(p, text, zone, false, ms);
}
