/*
 * Patterns of java.time's DateTimeFormatter: compiling and formatting. Reading by a pattern is in
 * time_pattern_parse.c.
 *
 * Why not ICU's SimpleDateFormat: its letters mean other things (u, e, S, n), and it reads
 * leniently where Java refuses. The dialect names Java's rules, and they are few:
 *
 *   a letter alone       a number without padding (y: of any width)
 *   two                  two digits (yy: 2000 to 2099)
 *   three, four, five    a name: short, full, narrow (yyyy: four digits, a sign when there are more)
 *
 * A pattern becomes an array of items, once; formatting and parsing walk it. Names are English.
 *
 *	yyyy-MM-dd'T'HH[:mm]X   NUMBER y 4..19, LITERAL -, NUMBER M 2, …, OPEN, LITERAL :, NUMBER m 2, CLOSE, ZONE X 1
 */
#include "core/time_pattern_items.h"

#include "core/number.h"

#include <stdio.h>

static const char *const months[] = { "January",   "February", "March",	   "April",
				      "May",	   "June",     "July",	   "August",
				      "September", "October",  "November", "December" };
static const char *const months_short[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const months_narrow[] = { "J", "F", "M", "A", "M", "J",
					     "J", "A", "S", "O", "N", "D" };
static const char *const weekdays[] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
					"Friday", "Saturday", "Sunday" };
static const char *const weekdays_short[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
static const char *const weekdays_narrow[] = { "M", "T", "W", "T", "F", "S", "S" };
static const char *const halves[] = { "AM", "PM" };
static const char *const halves_narrow[] = { "a", "p" };
static const char *const quarters[] = { "1st quarter", "2nd quarter", "3rd quarter",
					"4th quarter" };
static const char *const quarters_short[] = { "Q1", "Q2", "Q3", "Q4" };
static const char *const quarters_narrow[] = { "1", "2", "3", "4" };
static const char *const eras[] = { "Before Christ", "Anno Domini" };
static const char *const eras_short[] = { "BC", "AD" };
static const char *const eras_narrow[] = { "B", "A" };

static const struct {
	uint8_t letter, base, n;
	const char *const *names[3]; /* by style */
} texts[] = {
	{ 'M', 1, 12, { months_short, months, months_narrow } },
	{ 'E', 1, 7, { weekdays_short, weekdays, weekdays_narrow } },
	{ 'a', 0, 2, { halves, halves, halves_narrow } },
	{ 'Q', 1, 4, { quarters_short, quarters, quarters_narrow } },
	{ 'G', 0, 2, { eras_short, eras, eras_narrow } },
};

const char *const *wr_item_names(const wr_item *it, unsigned *n, int *base)
{
	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].letter == it->letter) {
			*n = texts[i].n;
			*base = texts[i].base;
			return texts[i].names[it->style];
		}
	WR_BUG("no names for %c", it->letter);
}

/* ---- compiling */

typedef enum letter_kind { YEAR, NUMBER, NUMBER_OR_TEXT, TEXT, FRACTION, WIDE, ZONE } letter_kind;

/* What a letter may be: the longest run allowed, and what it speaks of. */
static const struct letter {
	char letter, as; /* as: the letter whose field it is */
	uint8_t kind, longest, uses;
} letters[] = {
	{ 'G', 'G', TEXT, 5, WR_PATTERN_DATE },
	{ 'u', 'u', YEAR, 19, WR_PATTERN_DATE },
	{ 'y', 'y', YEAR, 19, WR_PATTERN_DATE },
	{ 'Y', 'Y', YEAR, 19, WR_PATTERN_DATE },
	{ 'D', 'D', NUMBER, 3, WR_PATTERN_DATE },
	{ 'M', 'M', NUMBER_OR_TEXT, 5, WR_PATTERN_DATE },
	{ 'L', 'M', NUMBER_OR_TEXT, 5, WR_PATTERN_DATE },
	{ 'd', 'd', NUMBER, 2, WR_PATTERN_DATE },
	{ 'Q', 'Q', NUMBER_OR_TEXT, 5, WR_PATTERN_DATE },
	{ 'q', 'Q', NUMBER_OR_TEXT, 5, WR_PATTERN_DATE },
	{ 'w', 'w', NUMBER, 2, WR_PATTERN_DATE },
	{ 'W', 'W', NUMBER, 1, WR_PATTERN_DATE },
	{ 'E', 'E', TEXT, 5, WR_PATTERN_DATE },
	{ 'e', 'e', NUMBER_OR_TEXT, 5, WR_PATTERN_DATE },
	{ 'c', 'e', NUMBER_OR_TEXT, 5, WR_PATTERN_DATE },
	{ 'a', 'a', TEXT, 1, WR_PATTERN_TIME },
	{ 'h', 'h', NUMBER, 2, WR_PATTERN_TIME },
	{ 'K', 'K', NUMBER, 2, WR_PATTERN_TIME },
	{ 'H', 'H', NUMBER, 2, WR_PATTERN_TIME },
	{ 'k', 'k', NUMBER, 2, WR_PATTERN_TIME },
	{ 'm', 'm', NUMBER, 2, WR_PATTERN_TIME },
	{ 's', 's', NUMBER, 2, WR_PATTERN_TIME },
	{ 'S', 'S', FRACTION, 9, WR_PATTERN_TIME },
	{ 'A', 'A', WIDE, 19, WR_PATTERN_TIME },
	{ 'n', 'n', WIDE, 19, WR_PATTERN_TIME },
	{ 'N', 'N', WIDE, 19, WR_PATTERN_TIME },
	{ 'V', 'V', ZONE, 2, WR_PATTERN_ZONE },
	{ 'z', 'z', ZONE, 4, WR_PATTERN_ZONE },
	{ 'O', 'O', ZONE, 4, WR_PATTERN_ZONE },
	{ 'X', 'X', ZONE, 5, WR_PATTERN_ZONE },
	{ 'x', 'x', ZONE, 5, WR_PATTERN_ZONE },
	{ 'Z', 'Z', ZONE, 5, WR_PATTERN_ZONE },
};

static const struct letter *find_letter(char c)
{
	for (unsigned i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (letters[i].letter == c)
			return &letters[i];
	return NULL;
}

static void number_item(wr_item *it, unsigned count)
{
	it->kind = WR_ITEM_NUMBER;
	it->min = (uint8_t)count;
	it->max = (uint16_t)(count == 1 ? 19 : count);
	it->sign = count == 1 ? WR_SIGN_MINUS : WR_SIGN_NEVER;
	if (it->letter == 'D' && count > 1)
		it->max = 3;
}

static void text_item(wr_item *it, unsigned count)
{
	it->kind = WR_ITEM_TEXT;
	it->style = count == 4 ? WR_STYLE_FULL : count == 5 ? WR_STYLE_NARROW : WR_STYLE_SHORT;
	if (it->letter == 'e')
		it->letter = 'E';
}

static void year_item(wr_item *it, unsigned count)
{
	number_item(it, count);
	it->reduced = count == 2;
	if (count != 2) {
		it->max = 19;
		it->sign = count < 4 ? WR_SIGN_MINUS : WR_SIGN_EXCEEDS;
	}
}

static wr_item letter_item(const struct letter *l, unsigned count)
{
	wr_item it = { .letter = (uint8_t)l->as };

	switch ((letter_kind)l->kind) {
	case YEAR: year_item(&it, count); break;
	case NUMBER_OR_TEXT:
		if (count > 2) {
			text_item(&it, count);
			break;
		}
		number_item(&it, count);
		break;
	case NUMBER: number_item(&it, count); break;
	case TEXT: text_item(&it, count); break;
	case FRACTION:
		it.kind = WR_ITEM_FRACTION;
		it.min = (uint8_t)count;
		break;
	case WIDE:
		number_item(&it, count);
		it.max = 19;
		it.sign = WR_SIGN_NEVER;
		break;
	case ZONE:
		it.kind = WR_ITEM_ZONE;
		it.min = (uint8_t)count;
		break;
	}
	return it;
}

static bool good_count(char c, unsigned count, unsigned longest)
{
	if (c == 'V')
		return count == 2;
	if (c == 'O')
		return count == 1 || count == 4;
	if (c == 'c')
		return count != 2 && count <= longest;
	return count <= longest;
}

typedef struct compiler {
	wr_arena *a;
	const char *p, *end;
	wr_time_pattern *out;
	uint32_t open[16];
	uint32_t depth;
	wr_err *err;
} compiler;

static bool refuse(compiler *c, const char *what)
{
	wr_err_set(c->err, WR_ERR_STATEMENT, WR_NO_SPAN, "a date pattern cannot hold %s", what);
	return false;
}

/* Behind an opening quote: text up to the closing one; '' is a quote, inside and alone. */
static bool quoted(compiler *c, wr_item *it)
{
	char *to = wr_arena_alloc(c->a, (size_t)(c->end - c->p) + 1);
	uint32_t n = 0;

	for (;; c->p++) {
		if (c->p == c->end)
			return refuse(c, "a quote that is not closed");
		if (*c->p == '\'') {
			c->p++;
			if (c->p == c->end || *c->p != '\'')
				break;
		}
		to[n++] = *c->p;
	}
	if (n == 0)
		to[n++] = '\'';
	*it = (wr_item){ .kind = WR_ITEM_LITERAL, .literal = { to, n } };
	return true;
}

static bool letter_run(compiler *c, wr_item *it)
{
	char letter = *c->p, text[64];
	const struct letter *l = find_letter(letter);
	unsigned count = 0;

	for (; c->p < c->end && *c->p == letter; c->p++)
		count++;
	if (l && good_count(letter, count, l->longest)) {
		*it = letter_item(l, count);
		c->out->uses |= l->uses;
		return true;
	}
	if (l || !strchr("BFgvp", letter)) {
		snprintf(text, sizeof(text), "%u times the letter %c", count, letter);
		return refuse(c, text);
	}
	wr_err_set(c->err, WR_ERR_NOT_IMPLEMENTED, WR_NO_SPAN,
		   "the pattern letter %c is not implemented", letter);
	return false;
}

static bool bracket(compiler *c, wr_item *it)
{
	uint32_t open;

	if (*c->p++ == '[') {
		if (c->depth == sizeof(c->open) / sizeof(*c->open))
			return refuse(c, "so many brackets");
		c->open[c->depth++] = c->out->n;
		*it = (wr_item){ .kind = WR_ITEM_OPEN };
		return true;
	}
	if (c->depth == 0)
		return refuse(c, "a ] without its [");
	open = c->open[--c->depth];
	c->out->items[open].max = (uint16_t)c->out->n;
	*it = (wr_item){ .kind = WR_ITEM_CLOSE };
	return true;
}

static bool next_item(compiler *c, wr_item *it)
{
	char ch = *c->p;

	if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'))
		return letter_run(c, it);
	if (ch == '\'') {
		c->p++;
		return quoted(c, it);
	}
	if (ch == '[' || ch == ']')
		return bracket(c, it);
	if (ch == '{' || ch == '}' || ch == '#')
		return refuse(c, "an unquoted {, } or #");
	*it = (wr_item){ .kind = WR_ITEM_LITERAL, .literal = { c->p++, 1 } };
	return true;
}

static bool fixed_number(const wr_item *it)
{
	return (it->kind == WR_ITEM_NUMBER && it->min == it->max) || it->kind == WR_ITEM_FRACTION;
}

/* yyyyMMdd: the year takes as many digits as leave enough for the rest. */
static void reserve_digits(wr_time_pattern *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->items[i].kind == WR_ITEM_NUMBER && p->items[i].min != p->items[i].max)
			for (uint32_t k = i + 1; k < p->n && fixed_number(&p->items[k]); k++)
				p->items[i].reserve =
				    (uint16_t)(p->items[i].reserve + p->items[k].min);
}

const wr_time_pattern *wr_time_pattern_new(wr_arena *a, wr_str pattern, wr_err *err)
{
	wr_str text = wr_arena_str(a, pattern);
	wr_time_pattern *out = WR_NEW(a, wr_time_pattern);
	compiler c = { .a = a, .p = text.p, .end = text.p + text.n, .out = out, .err = err };

	out->items = WR_NEW_ARRAY(a, wr_item, text.n);
	if (text.n > UINT16_MAX) {
		refuse(&c, "so much text");
		return NULL;
	}
	for (; c.p < c.end; out->n++)
		if (!next_item(&c, &out->items[out->n]))
			return NULL;
	for (; c.depth; c.depth--) /* as Java: a [ may stay open to the end */
		out->items[c.open[c.depth - 1]].max = (uint16_t)out->n;
	reserve_digits(out);
	return out;
}

unsigned wr_time_pattern_uses(const wr_time_pattern *p)
{
	return p->uses;
}

/* ---- formatting */

typedef struct moment {
	wr_civil date;
	int64_t days, ms; /* local date, local ms of the day */
	int64_t instant, offset;
	const wr_zone *zone;
} moment;

static int64_t floor_mod(int64_t a, int64_t b)
{
	return (a % b + b) % b;
}

static int day_of_year(const moment *m)
{
	return (int)(m->days - wr_days_from_civil((wr_civil){ m->date.year, 1, 1 })) + 1;
}

/*
 * Weeks begin on Sunday, and the first has a day of its year at least: the American rule, Java's
 * where it is not told.
 */
static int64_t week_year(const moment *m)
{
	int64_t saturday = m->days + 6 - floor_mod(m->days + 4, 7);

	return wr_civil_from_days(saturday).year;
}

static int week_of(const moment *m, int day, bool of_year)
{
	int64_t first = m->days - day + 1;

	if (of_year && week_year(m) != m->date.year)
		return 1;
	return (int)((day - 1 + floor_mod(first + 4, 7)) / 7) + 1;
}

static int64_t hour_field(const moment *m, char letter)
{
	int64_t hour = m->ms / 3600000;

	switch (letter) {
	case 'h': return (hour + 11) % 12 + 1;
	case 'K': return hour % 12;
	case 'k': return (hour + 23) % 24 + 1;
	default: return hour;
	}
}

static int64_t date_field(const moment *m, char letter)
{
	switch (letter) {
	case 'u': return m->date.year;
	case 'y': return m->date.year > 0 ? m->date.year : 1 - m->date.year;
	case 'Y': return week_year(m);
	case 'G': return m->date.year > 0;
	case 'D': return day_of_year(m);
	case 'M': return m->date.month;
	case 'Q': return (m->date.month + 2) / 3;
	case 'w': return week_of(m, day_of_year(m), true);
	case 'W': return week_of(m, m->date.day, false);
	case 'E': return floor_mod(m->days + 3, 7) + 1;
	case 'e': return floor_mod(m->days + 4, 7) + 1;
	default: return m->date.day;
	}
}

static int64_t field(const moment *m, char letter)
{
	switch (letter) {
	case 'a': return m->ms >= WR_MS_DAY / 2;
	case 'H':
	case 'h':
	case 'K':
	case 'k': return hour_field(m, letter);
	case 'm': return m->ms / 60000 % 60;
	case 's': return m->ms / 1000 % 60;
	case 'A': return m->ms;
	case 'n': return m->ms % 1000 * 1000000;
	case 'N': return m->ms * 1000000;
	default: return date_field(m, letter);
	}
}

static void put_number(const wr_item *it, int64_t v, wr_buf *out)
{
	char text[WR_I64_TEXT];
	unsigned n;

	if (it->reduced)
		v = floor_mod(v, 100);
	n = wr_print_i64(v < 0 ? -v : v, text);
	if (v < 0)
		wr_buf_putc(out, '-');
	else if (it->sign == WR_SIGN_EXCEEDS && n > it->min)
		wr_buf_putc(out, '+');
	for (unsigned i = n; i < it->min; i++)
		wr_buf_putc(out, '0');
	wr_buf_put(out, text, n);
}

static void put_fraction(const wr_item *it, int64_t ms, wr_buf *out)
{
	char text[12];

	snprintf(text, sizeof(text), "%03d000000", (int)(ms % 1000));
	wr_buf_put(out, text, it->min);
}

/* +hh, then minutes and seconds with or without colons; they are left out where `optional` and
 * zero. */
static void put_offset(int64_t offset, bool colons, bool minutes, bool seconds, wr_buf *out)
{
	int s = (int)(offset < 0 ? -offset : offset) / 1000;
	const char *colon = colons ? ":" : "";

	wr_buf_printf(out, "%c%02d", offset < 0 ? '-' : '+', s / 3600);
	if (minutes || s / 60 % 60)
		wr_buf_printf(out, "%s%02d", colon, s / 60 % 60);
	if (seconds && s % 60)
		wr_buf_printf(out, "%s%02d", colon, s % 60);
}

static void put_gmt(int64_t offset, bool full, wr_buf *out)
{
	int s = (int)(offset < 0 ? -offset : offset) / 1000;

	wr_buf_puts(out, "GMT");
	if (s == 0)
		return;
	wr_buf_printf(out, full ? "%c%02d" : "%c%d", offset < 0 ? '-' : '+', s / 3600);
	if (full || s / 60 % 60)
		wr_buf_printf(out, ":%02d", s / 60 % 60);
	if (s % 60)
		wr_buf_printf(out, ":%02d", s % 60);
}

static void put_zone(const wr_item *it, const moment *m, wr_buf *out)
{
	switch (it->letter) {
	case 'V': wr_buf_puts(out, wr_zone_id(m->zone)); return;
	case 'z': wr_buf_puts(out, wr_zone_name(m->zone, m->instant, it->min == 4)); return;
	case 'O': put_gmt(m->offset, it->min == 4, out); return;
	case 'Z':
		if (it->min == 4)
			put_gmt(m->offset, true, out);
		else if (it->min == 5 && m->offset == 0)
			wr_buf_putc(out, 'Z');
		else
			put_offset(m->offset, it->min == 5, true, it->min == 5, out);
		return;
	default:
		if (it->letter == 'X' && m->offset == 0)
			wr_buf_putc(out, 'Z');
		else
			put_offset(m->offset, it->min == 3 || it->min == 5, it->min > 1,
				   it->min > 3, out);
	}
}

static void put_item(const wr_item *it, const moment *m, wr_buf *out)
{
	const char *const *names;
	unsigned n;
	int base;

	switch ((wr_item_kind)it->kind) {
	case WR_ITEM_NUMBER: put_number(it, field(m, (char)it->letter), out); break;
	case WR_ITEM_FRACTION: put_fraction(it, m->ms, out); break;
	case WR_ITEM_TEXT:
		names = wr_item_names(it, &n, &base);
		wr_buf_puts(out, names[field(m, (char)it->letter) - base]);
		break;
	case WR_ITEM_ZONE: put_zone(it, m, out); break;
	case WR_ITEM_LITERAL: wr_buf_str(out, it->literal); break;
	case WR_ITEM_OPEN:
	case WR_ITEM_CLOSE: break;
	}
}

void wr_time_pattern_format(const wr_time_pattern *p, int64_t ms, const wr_zone *zone, wr_buf *out)
{
	moment m = { .instant = ms, .zone = zone, .offset = wr_zone_offset_ms(zone, ms) };
	int64_t local;

	if (__builtin_add_overflow(ms, m.offset, &local))
		local = ms; /* 292 million years from here */
	m.ms = floor_mod(local, WR_MS_DAY);
	m.days = local / WR_MS_DAY - (local % WR_MS_DAY < 0);
	m.date = wr_civil_from_days(m.days);
	for (uint32_t i = 0; i < p->n; i++)
		put_item(&p->items[i], &m, out);
}
