/*
 * Dates and times as text: the ISO forms of the dialect, civil dates, time zones, and patterns as
 * java.time's DateTimeFormatter reads them.
 *
 * Units: DATE is days since 1970-01-01, TIME milliseconds of the day, an instant milliseconds since
 * 1970 UTC. The calendar is the proleptic Gregorian one; years beyond 9999 have a sign (+12345).
 */
#ifndef CORE_TIME_TEXT_H
#define CORE_TIME_TEXT_H

#include "core/buf.h"

enum { WR_MS_DAY = 86400000 };

typedef struct wr_civil {
	int64_t year;
	int month, day; /* from 1 */
} wr_civil;

int64_t wr_days_from_civil(wr_civil c);
wr_civil wr_civil_from_days(int64_t days);
int wr_days_of_month(int64_t year, int month);

/* 2020-01-01T00:00:00.000 */
void wr_print_timestamp(int64_t ms, wr_buf *out);
/* 2020-01-01 */
void wr_print_date(int64_t days, wr_buf *out);
/* 00:00, 00:00:01 or 00:00:01.500: seconds and fraction only when they are not zero */
void wr_print_time(int32_t ms, wr_buf *out);

/*
 * Whole texts; false when the text is no date (time, …). The instant may be shortened from the
 * right (2020, 2020-01, 2020-01-01T10, …:30, …:30.5), and end in a zone: Z, +01:00, +0100, +01 or a
 * zone's name; else it is UTC.
 */
bool wr_parse_date(wr_str text, int64_t *days);
bool wr_parse_time(wr_str text, int32_t *ms);
bool wr_parse_timestamp(wr_str text, int64_t *ms);

/* ---- zones (core/time_zone.c) */

typedef struct wr_zone wr_zone;

/*
 * A zone by its name (Europe/London), offset (+02:00, UTC+1, GMT+01:00), or UTC, GMT, Z; NULL when
 * there is none. Zones are kept for ever; the same text gives the same pointer. Thread: any.
 */
const wr_zone *wr_zone_get(wr_str name);
const wr_zone *wr_zone_utc(void);
/* The zone of this computer. */
const wr_zone *wr_zone_local(void);
const char *wr_zone_id(const wr_zone *z);
/* What to add to UTC to get local time, at an instant. */
int64_t wr_zone_offset_ms(const wr_zone *z, int64_t ms);
/*
 * A local time as an instant. In a gap: as long after the gap as it is in it; in an overlap: the
 * earlier one.
 */
int64_t wr_zone_to_utc(const wr_zone *z, int64_t local_ms);

/*
 * The zone's name at an instant: PST, PDT, or if `full` Pacific Daylight Time; an offset is its own
 * name.
 */
const char *wr_zone_name(const wr_zone *z, int64_t ms, bool full);

/* ---- patterns (core/time_pattern.c) */

typedef struct wr_time_pattern wr_time_pattern;

/*
 * Compiles a pattern of java.time's DateTimeFormatter: the letters G u y Y D M L d Q q w W E e c a
 * h K k H m s S A n N V z O X x Z, quoted text, '', and [ ] for optional parts. Texts are English.
 * NULL: err (class STATEMENT, no span) says what is wrong; B, F, g, v and p are not implemented.
 * The pattern hangs in the arena. Thread: any, once made.
 */
const wr_time_pattern *wr_time_pattern_new(wr_arena *a, wr_str pattern, wr_err *err);

/* What the pattern speaks of: a bit set. */
enum { WR_PATTERN_DATE = 1, WR_PATTERN_TIME = 2, WR_PATTERN_ZONE = 4 };
unsigned wr_time_pattern_uses(const wr_time_pattern *p);

/* The instant in the zone, by the pattern. */
void wr_time_pattern_format(const wr_time_pattern *p, int64_t ms, const wr_zone *zone, wr_buf *out);

/*
 * The whole text must match; letters match without regard to case. Fields that the pattern lacks
 * are those of 1970-01-01T00:00:00; a zone in the text goes before `zone`. A day that the month
 * does not have becomes its last, as in Java; other values out of range do not match. Week fields
 * (Y w W e c) are read and do not count. false: the text does not match.
 */
bool wr_time_pattern_parse(const wr_time_pattern *p, wr_str text, const wr_zone *zone, int64_t *ms);
/* The same where something may stand behind what matches. */
bool wr_time_pattern_parse_prefix(const wr_time_pattern *p, wr_str text, const wr_zone *zone,
				  int64_t *ms);

#endif
