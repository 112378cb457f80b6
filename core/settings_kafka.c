/* Kafka's settings stand in wr_settings as  name NUL value NUL name NUL value NUL …  */
#include "core/settings_kafka.h"

static bool begins(wr_str s, const char *with)
{
	size_t n = strlen(with);

	return s.n > n && wr_str_ieq((wr_str){ s.p, (uint32_t)n }, (wr_str){ with, (uint32_t)n });
}

bool wr_setting_is_kafka(wr_str name, wr_str *property)
{
	static const char *const prefixes[] = { "ksql.streams.", "ksql.", "kafka." };

	for (unsigned i = 0; i < 3; i++) {
		if (!begins(name, prefixes[i]))
			continue;
		name = (wr_str){ name.p + strlen(prefixes[i]),
				 name.n - (uint32_t)strlen(prefixes[i]) };
		*property = name;
		if (i == 2)
			return true;
	}
	*property = name;
	return begins(name, "sasl.") || begins(name, "ssl.") ||
	       wr_str_ieq(name, WR_STR_LIT("security.protocol"));
}

/* The pair at `at`; false: there is none. */
static bool pair(const wr_settings *s, uint32_t at, wr_str *name, wr_str *value, uint32_t *next)
{
	if (at >= s->kafka_bytes)
		return false;
	*name = wr_str_of(s->kafka + at);
	*value = wr_str_of(s->kafka + at + name->n + 1);
	*next = at + name->n + value->n + 2;
	return true;
}

static void take_away(wr_settings *s, wr_str property)
{
	wr_str name, value;

	for (uint32_t at = 0, next; pair(s, at, &name, &value, &next); at = next)
		if (wr_str_eq(name, property)) {
			memmove(s->kafka + at, s->kafka + next, s->kafka_bytes - next);
			s->kafka_bytes -= next - at;
			return;
		}
}

wr_status wr_settings_set_kafka(wr_settings *s, wr_str property, wr_str value, wr_err *err)
{
	size_t need = (size_t)property.n + value.n + 2;

	take_away(s, property);
	if (!value.p)
		return WR_OK;
	if (memchr(value.p, 0, value.n) || need > sizeof s->kafka - s->kafka_bytes)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
				  "the settings for Kafka have more than %zu bytes in all",
				  sizeof s->kafka);
	char *p = s->kafka + s->kafka_bytes;

	memcpy(p, property.p, property.n);
	p[property.n] = 0;
	memcpy(p + property.n + 1, value.p, value.n);
	p[need - 1] = 0;
	s->kafka_bytes += (uint32_t)need;
	return WR_OK;
}

const char *const *wr_settings_kafka(const wr_settings *s, wr_arena *a)
{
	wr_str name, value;
	uint32_t n = 0, next;

	for (uint32_t at = 0; pair(s, at, &name, &value, &next); at = next)
		n++;
	if (n == 0)
		return NULL;
	const char **list = WR_NEW_ARRAY(a, const char *, 2 * n + 1), **to = list;

	for (uint32_t at = 0; pair(s, at, &name, &value, &next); at = next) {
		*to++ = wr_arena_strdup(a, name.p);
		*to++ = wr_arena_strdup(a, value.p);
	}
	*to = NULL;
	return list;
}

bool wr_kafka_property_is_secret(const char *property)
{
	static const char *const words[] = { "password", "secret", ".pem",
					     "sasl.oauthbearer.config", "jaas" };

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(property, words[i]))
			return true;
	return false;
}
