/*
 * ISO dates and times, and the arithmetic of the calendar.
 *
 * A civil date becomes days by counting years from March: then the leap day is the last of its
 * year, and the days before a month follow one line, (153 m + 2) / 5. 400 years are one era of
 * 146,097 days, which keeps all divisions on small positive numbers.
 *
 *	2020-02-29  →  year 2019 from March, month 11, day 28  →  18321
 */
#include "core/time_text.h"

#include "core/number.h"

enum { ERA_YEARS = 400, ERA_DAYS = 146097, ERA_SHIFT = 719468 /* 0000-03-01 .. 1970-01-01 */ };

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t wr_days_from_civil(wr_civil c)
{
	int64_t year = c.year - (c.month <= 2);
	int64_t era = floor_div(year, ERA_YEARS);
	int64_t yoe = year - era * ERA_YEARS;
	int64_t month = (c.month + 9) % 12;
	int64_t doy = (153 * month + 2) / 5 + c.day - 1;

	return era * ERA_DAYS + yoe * 365 + yoe / 4 - yoe / 100 + doy - ERA_SHIFT;
}

wr_civil wr_civil_from_days(int64_t days)
{
	int64_t z = days + ERA_SHIFT;
	int64_t era = floor_div(z, ERA_DAYS);
	int64_t doe = z - era * ERA_DAYS;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / (ERA_DAYS - 1)) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t month = (5 * doy + 2) / 153;
	int m = (int)(month < 10 ? month + 3 : month - 9);

	return (wr_civil){ era * ERA_YEARS + yoe + (m <= 2), m,
			   (int)(doy - (153 * month + 2) / 5 + 1) };
}

int wr_days_of_month(int64_t year, int month)
{
	if (month == 2)
		return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* ---- printing */

static char *two(char *to, int v)
{
	*to++ = (char)('0' + v / 10);
	*to++ = (char)('0' + v % 10);
	return to;
}

static char *put_date(char *to, int64_t days)
{
	wr_civil c = wr_civil_from_days(days);
	int64_t year = c.year < 0 ? -c.year : c.year;

	if (c.year < 0)
		*to++ = '-';
	else if (c.year > 9999)
		*to++ = '+';
	if (year > 9999)
		to += wr_print_i64(year, to);
	else
		to = two(two(to, (int)year / 100), (int)year % 100);
	*to++ = '-';
	to = two(to, c.month);
	*to++ = '-';
	return two(to, c.day);
}

static char *put_time(char *to, int ms, bool seconds, bool fraction)
{
	to = two(to, ms / 3600000);
	*to++ = ':';
	to = two(to, ms / 60000 % 60);
	if (!seconds)
		return to;
	*to++ = ':';
	to = two(to, ms / 1000 % 60);
	if (!fraction)
		return to;
	*to++ = '.';
	*to++ = (char)('0' + ms / 100 % 10);
	return two(to, ms % 100);
}

static void finish(wr_buf *out, char *to)
{
	out->n = (size_t)(to - out->p);
	*to = 0;
}

void wr_print_timestamp(int64_t ms, wr_buf *out)
{
	int rest = (int)((ms % WR_MS_DAY + WR_MS_DAY) % WR_MS_DAY);
	char *to = put_date(wr_buf_reserve(out, 48), floor_div(ms, WR_MS_DAY));

	*to++ = 'T';
	finish(out, put_time(to, rest, true, true));
}

void wr_print_date(int64_t days, wr_buf *out)
{
	finish(out, put_date(wr_buf_reserve(out, 40), days));
}

void wr_print_time(int32_t ms, wr_buf *out)
{
	finish(out, put_time(wr_buf_reserve(out, 16), ms, ms % 60000 != 0, ms % 1000 != 0));
}

/* ---- reading */

typedef struct reader {
	const char *p, *end;
} reader;

static bool at_end(const reader *r)
{
	return r->p == r->end;
}

static bool eat(reader *r, char c)
{
	if (at_end(r) || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool number(reader *r, int digits, int max, int *out)
{
	int v = 0;

	if (r->end - r->p < digits)
		return false;
	for (; digits; digits--, r->p++) {
		if (*r->p < '0' || *r->p > '9')
			return false;
		v = v * 10 + (*r->p - '0');
	}
	*out = v;
	return v <= max;
}

/* Four digits, or a sign and four to nine. */
static bool read_year(reader *r, int64_t *year)
{
	bool minus = !at_end(r) && *r->p == '-';
	const char *from;
	int v;

	if (!minus && (at_end(r) || *r->p != '+')) {
		if (!number(r, 4, 9999, &v))
			return false;
		*year = v;
		return true;
	}
	from = ++r->p;
	for (*year = 0; !at_end(r) && *r->p >= '0' && *r->p <= '9' && r->p - from < 9; r->p++)
		*year = *year * 10 + (*r->p - '0');
	if (r->p - from < 4)
		return false;
	if (minus)
		*year = -*year;
	return true;
}

/* year-month-day; when `partial`, day or month and day may be missing. */
static bool read_date(reader *r, bool partial, int64_t *days)
{
	wr_civil c = { 0, 1, 1 };
	bool more;

	if (!read_year(r, &c.year))
		return false;
	more = eat(r, '-');
	if (more && !number(r, 2, 12, &c.month))
		return false;
	if (more)
		more = eat(r, '-');
	if (more && !number(r, 2, 31, &c.day))
		return false;
	if ((!more && !partial) || c.month < 1 || c.day < 1 ||
	    c.day > wr_days_of_month(c.year, c.month))
		return false;
	*days = wr_days_from_civil(c);
	return true;
}

/* The fraction behind the point: up to nine digits, of which three count. */
static bool read_fraction(reader *r, int *ms)
{
	const char *from = r->p;
	int unit = 100;

	for (*ms = 0; !at_end(r) && *r->p >= '0' && *r->p <= '9' && r->p - from < 9;
	     r->p++, unit /= 10)
		*ms += (*r->p - '0') * unit;
	return r->p > from;
}

/* hour:minute[:second[.fraction]]; when `partial`, the hour alone will do. */
static bool read_time(reader *r, bool partial, int32_t *out)
{
	int h = 0, m = 0, s = 0, ms = 0;

	if (!number(r, 2, 23, &h))
		return false;
	if (!eat(r, ':')) {
		*out = h * 3600000;
		return partial;
	}
	if (!number(r, 2, 59, &m))
		return false;
	if (eat(r, ':')) {
		if (!number(r, 2, 59, &s))
			return false;
		if (eat(r, '.') && !read_fraction(r, &ms))
			return false;
	}
	*out = h * 3600000 + m * 60000 + s * 1000 + ms;
	return true;
}

bool wr_parse_date(wr_str text, int64_t *days)
{
	reader r = { text.p, text.p + text.n };

	return read_date(&r, false, days) && at_end(&r);
}

bool wr_parse_time(wr_str text, int32_t *ms)
{
	reader r = { text.p, text.p + text.n };

	return read_time(&r, false, ms) && at_end(&r);
}

bool wr_parse_timestamp(wr_str text, int64_t *ms)
{
	reader r = { text.p, text.p + text.n };
	const wr_zone *zone = wr_zone_utc();
	int32_t time = 0;
	int64_t days;

	if (!read_date(&r, true, &days))
		return false;
	if ((eat(&r, 'T') || eat(&r, 't') || eat(&r, ' ')) && !at_end(&r) &&
	    !read_time(&r, true, &time))
		return false;
	if (!at_end(&r)) {
		zone = wr_zone_get((wr_str){ r.p, (uint32_t)(r.end - r.p) });
		if (!zone)
			return false;
	}
	*ms = wr_zone_to_utc(zone, days * WR_MS_DAY + time);
	return true;
}
