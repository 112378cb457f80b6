/*
 * Time zones. The rules come from ICU; what is asked for every row does not.
 *
 * When a zone is first named, its changes of offset from the beginning to the year 2500 are read
 * from ICU into a table. A look-up is a binary search in it, safe in every thread and free of ICU's
 * calendars, which are neither. Beyond the table the rules repeat as the calendar does, every 400
 * years.
 *
 *	Europe/Paris   first +0:09:21 | 1891… | … | 2020-03-29T01:00Z +2 dst | 2020-10-25T01:00Z +1 | …
 *
 * From local time to an instant, both rules (a gap moves on, of an overlap the earlier is meant)
 * say the same: use the offset from before the change until both offsets agree that the change is
 * past.
 *
 * Zones are kept in a table of push-only lists for ever: there are some hundred names and a bounded
 * number of offsets. Reading it takes no lock.
 */
#include "core/time_text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#define TABLE_BEGIN (-6000000000000.0 * 10) /* about the year 68 */
#define TABLE_END   16725225600000	    /* 2500-01-01 */
#define CYCLE	    (146097LL * WR_MS_DAY)  /* 400 years */

typedef struct change {
	int64_t at;	       /* ms */
	int32_t before, after; /* offsets in ms */
	bool dst;	       /* after it */
} change;

struct wr_zone {
	struct wr_zone *next;
	uint32_t n;
	int32_t first; /* offset before the first change */
	change *changes;
	char *names[2][2]; /* [full][dst] */
	char shown[16];	   /* of an offset: UTC+02:00, -03:30; else empty */
	char id[];
};

enum { BUCKETS = 1024 };
static _Atomic(wr_zone *) buckets[BUCKETS];
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static unsigned bucket_of(wr_str s)
{
	unsigned h = 5381;

	for (uint32_t i = 0; i < s.n; i++)
		h = h * 33 ^ (unsigned char)s.p[i];
	return h % BUCKETS;
}

static wr_zone *find(wr_str id)
{
	wr_zone *z = atomic_load_explicit(&buckets[bucket_of(id)], memory_order_acquire);

	while (z && !wr_str_is(id, z->id))
		z = z->next;
	return z;
}

static wr_zone *new_zone(wr_str id)
{
	wr_zone *z = wr_calloc(1, sizeof(*z) + id.n + 1);

	memcpy(z->id, id.p, id.n);
	return z;
}

/* ---- offsets: +h, +hh, +hhmm, +hh:mm, +hhmmss, +hh:mm:ss */

static bool read_offset(wr_str s, int32_t *ms)
{
	int part[3] = { 0, 0, 0 };
	bool colon = false;
	uint32_t i = 1, k = 0;

	if (s.n < 2 || (s.p[0] != '+' && s.p[0] != '-'))
		return false;
	if (s.n == 2) {
		if (s.p[1] < '0' || s.p[1] > '9')
			return false;
		part[0] = s.p[1] - '0';
		i = 2;
	}
	while (i < s.n && k < 3) {
		if (k == 1)
			colon = s.p[i] == ':';
		if (k && colon && s.p[i++] != ':')
			return false;
		if (i + 2 > s.n || s.p[i] < '0' || s.p[i] > '9' || s.p[i + 1] < '0' ||
		    s.p[i + 1] > '9')
			return false;
		part[k++] = (s.p[i] - '0') * 10 + s.p[i + 1] - '0';
		i += 2;
	}
	if (i != s.n || part[1] > 59 || part[2] > 59)
		return false;
	*ms = (part[0] * 3600 + part[1] * 60 + part[2]) * 1000;
	if (*ms > 18 * 3600000)
		return false;
	if (s.p[0] == '-')
		*ms = -*ms;
	return true;
}

static bool fixed_offset(wr_str s, int32_t *ms)
{
	static const char *const prefixes[] = { "UTC", "GMT", "UT" };

	*ms = 0;
	if (wr_str_is(s, "Z") || wr_str_is(s, "UTC") || wr_str_is(s, "GMT") || wr_str_is(s, "UT"))
		return true;
	for (unsigned i = 0; i < 3; i++) {
		uint32_t n = (uint32_t)strlen(prefixes[i]);

		if (s.n > n && memcmp(s.p, prefixes[i], n) == 0)
			return read_offset((wr_str){ s.p + n, s.n - n }, ms);
	}
	return read_offset(s, ms);
}

/* ---- from ICU */

static bool known_to_icu(const UChar *id)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar canonical[128];
	UBool system = false;

	ucal_getCanonicalTimeZoneID(id, -1, canonical, 128, &system, &status);
	return U_SUCCESS(status) && system;
}

static int32_t offset_at(UCalendar *cal, double ms, bool *dst)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t raw, extra;

	ucal_setMillis(cal, ms, &status);
	raw = ucal_get(cal, UCAL_ZONE_OFFSET, &status);
	extra = ucal_get(cal, UCAL_DST_OFFSET, &status);
	*dst = extra != 0;
	return raw + extra;
}

static void read_changes(wr_zone *z, UCalendar *cal)
{
	UErrorCode status = U_ZERO_ERROR;
	uint32_t room = 256;
	double at = TABLE_BEGIN;
	int32_t offset;
	bool dst, was_dst;

	z->changes = wr_malloc(room * sizeof(change));
	z->first = offset = offset_at(cal, at, &was_dst);
	while (ucal_getTimeZoneTransitionDate(cal, UCAL_TZ_TRANSITION_NEXT, &at, &status) &&
	       U_SUCCESS(status) && at < (double)TABLE_END) {
		int32_t after = offset_at(cal, at, &dst);

		if (after == offset && dst == was_dst)
			continue;
		if (z->n == room)
			z->changes = wr_realloc(z->changes, (room *= 2) * sizeof(change));
		z->changes[z->n++] = (change){ (int64_t)at, offset, after, dst };
		offset = after;
		was_dst = dst;
	}
}

static char *name_in(UCalendar *cal, UCalendarDisplayNameType type, const char *locale)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar wide[128];
	char name[256];

	ucal_getTimeZoneDisplayName(cal, type, locale, wide, 128, &status);
	u_strToUTF8(name, sizeof(name), NULL, wide, -1, &status);
	return U_SUCCESS(status) ? wr_strdup(name) : NULL;
}

/*
 * American English knows few short names of zones elsewhere and says GMT+1; British English knows
 * CET.
 */
static char *zone_name(const wr_zone *z, UCalendar *cal, UCalendarDisplayNameType type)
{
	char *name = name_in(cal, type, "en_US");

	if (name && strncmp(name, "GMT", 3) == 0 && name[3]) {
		free(name);
		name = name_in(cal, type, "en_GB");
	}
	return name ? name : wr_strdup(z->id);
}

static wr_zone *from_icu(wr_str id)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar wide[128];
	UCalendar *cal;
	wr_zone *z;

	if (id.n == 0 || id.n >= 128)
		return NULL;
	u_strFromUTF8(wide, 128, NULL, id.p, (int32_t)id.n, &status);
	if (U_FAILURE(status) || !known_to_icu(wide))
		return NULL;
	cal = ucal_open(wide, -1, "en_US", UCAL_GREGORIAN, &status);
	if (U_FAILURE(status))
		return NULL;
	z = new_zone(id);
	read_changes(z, cal);
	z->names[0][0] = zone_name(z, cal, UCAL_SHORT_STANDARD);
	z->names[0][1] = zone_name(z, cal, UCAL_SHORT_DST);
	z->names[1][0] = zone_name(z, cal, UCAL_STANDARD);
	z->names[1][1] = zone_name(z, cal, UCAL_DST);
	ucal_close(cal);
	return z;
}

/* However an offset was written, it shows as +hh:mm, with seconds where it has some. */
static void show_offset(wr_zone *z)
{
	int prefix = (int)strcspn(z->id, "+-"), s = abs(z->first) / 1000;
	char sign = z->first < 0 ? '-' : '+';

	if (s % 60)
		snprintf(z->shown, sizeof(z->shown), "%.*s%c%02d:%02d:%02d", prefix, z->id, sign,
			 s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(z->shown, sizeof(z->shown), "%.*s%c%02d:%02d", prefix, z->id, sign,
			 s / 3600, s / 60 % 60);
}

static wr_zone *make(wr_str id)
{
	int32_t offset;
	wr_zone *z;

	if (!fixed_offset(id, &offset))
		return from_icu(id);
	z = new_zone(id);
	z->first = offset;
	if (offset)
		show_offset(z);
	if (wr_str_is(id, "UTC"))
		z->names[1][0] = wr_strdup("Coordinated Universal Time");
	else if (wr_str_is(id, "GMT"))
		z->names[1][0] = wr_strdup("Greenwich Mean Time");
	return z;
}

const wr_zone *wr_zone_get(wr_str name)
{
	wr_zone *z = find(name);
	unsigned b;

	if (z)
		return z;
	pthread_mutex_lock(&making);
	z = find(name);
	if (!z && (z = make(name))) {
		b = bucket_of(name);
		z->next = atomic_load(&buckets[b]);
		atomic_store_explicit(&buckets[b], z, memory_order_release);
	}
	pthread_mutex_unlock(&making);
	return z;
}

const wr_zone *wr_zone_utc(void)
{
	static _Atomic(const wr_zone *) utc;
	const wr_zone *z = atomic_load_explicit(&utc, memory_order_acquire);

	if (!z) {
		z = wr_zone_get(WR_STR_LIT("UTC"));
		atomic_store_explicit(&utc, z, memory_order_release);
	}
	return z;
}

const wr_zone *wr_zone_local(void)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar wide[128];
	char id[256];
	const wr_zone *z = NULL;

	ucal_getDefaultTimeZone(wide, 128, &status);
	u_strToUTF8(id, sizeof(id), NULL, wide, -1, &status);
	if (U_SUCCESS(status))
		z = wr_zone_get(wr_str_of(id));
	return z ? z : wr_zone_utc();
}

const char *wr_zone_id(const wr_zone *z)
{
	return z->shown[0] ? z->shown : z->id;
}

/* ---- look-ups */

/*
 * Brings an instant beyond the table back by whole cycles; the caller only wants to know its
 * offset.
 */
static int64_t within(int64_t ms)
{
	if (ms < TABLE_END - WR_MS_DAY * 400LL)
		return ms;
	return ms - ((ms - (TABLE_END - WR_MS_DAY * 400LL)) / CYCLE + 1) * CYCLE;
}

/* The last change at or before ms; NULL when there is none. */
static const change *last_change(const wr_zone *z, int64_t ms)
{
	uint32_t lo = 0, hi = z->n;

	ms = within(ms);
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (z->changes[mid].at <= ms)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &z->changes[lo - 1] : NULL;
}

int64_t wr_zone_offset_ms(const wr_zone *z, int64_t ms)
{
	const change *c = z->n ? last_change(z, ms) : NULL;

	return c ? c->after : z->first;
}

int64_t wr_zone_to_utc(const wr_zone *z, int64_t local)
{
	int64_t t = within(local);
	uint32_t lo = 0, hi = z->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		const change *c = &z->changes[mid];

		if (t >= c->at + (c->before > c->after ? c->before : c->after))
			lo = mid + 1;
		else
			hi = mid;
	}
	return local - (lo ? z->changes[lo - 1].after : z->first);
}

const char *wr_zone_name(const wr_zone *z, int64_t ms, bool full)
{
	const change *c = z->n ? last_change(z, ms) : NULL;
	const char *name = z->names[full][c && c->dst];

	return name ? name : wr_zone_id(z);
}
