/*
 * Settings: finding rows by name, reading values by the row's kind. The rows themselves stand in
 * settings.h.
 */
#include "core/settings.h"

#include "core/near.h"
#include "core/number.h"
#include "core/settings_kafka.h"

static const wr_setting_row rows[WR_SETTING_COUNT] = {
#define X(id, name, kind, text, least, most, choices, doc)                                         \
	[WR_SET_##id] = { name, WR_SETTING_##kind, text, least, most, choices, doc },
	WR_SETTINGS(X)
#undef X
};

/*
 * Known to ksqlDB, its clients or its tests, without meaning here. A closing * stands for any end.
 */
static const char *const ignored[] = {
	"topology.optimization",
	"sink.*",
	"windowed.session.key.legacy",
	"__*",
	"use.exact.numeric.comparison",
	"service.id",
	"bootstrap.servers",
	"application.id",
	"application.server",
	"client.id",
	"num.stream.threads",
	"num.standby.replicas",
	"replication.factor",
	"state.dir",
	"statestore.cache.max.bytes",
	"task.timeout.ms",
	"poll.ms",
	"request.timeout.ms",
	"consumer.*",
	"producer.*",
	"admin.*",
	"main.consumer.*",
	"default.deserialization.exception.handler",
	"default.production.exception.handler",
	"default.key.serde",
	"default.value.serde",
	"topic.*",
	"internal.*",
	"extension.dir",
	"udf*",
	"udfs.*",
	"metrics.*",
	"metric.*",
	"queries.file",
	"query.*",
	"heartbeat.*",
	"lag.reporting.*",
	"logging.*",
	"shutdown.timeout.ms",
	"suppress.*",
	"insert.into.values.enabled",
	"headers.columns.enabled",
	"json_sr.converter.deserializer.enabled",
	"source.table.materialization.enabled",
	"rowpartition.rowoffset.enabled",
	"nested.error.set.null",
	"cast.strings.preserve.nulls",
	"fetch.*",
	"max.poll.records",
	"auto.commit.interval.ms",
	"timestamp.extractor",
	"assert.*",
	"transient.*",
	"endpoint.*",
	"connect.*",
	"access.validator.enable",
	"authorization.*",
	"any.key.name.enabled",
	"persistence.ensure.topics.exist",
	"deployment.*",
	"databases.*",
	"pull.*",
	"hidden.topics",
	"readonly.topics",
	"print.*",
	"error.classifier.regex",
	"create.dump.enabled",
	"shared.runtime.enabled",
	"runtime.feature.shared.enabled",
	"websocket.*",
	"variable.*",
	"rocksdb.*",
	"client.*",
	"functions.*",
	"schema.registry.*",
};

static wr_str bare(wr_str name)
{
	static const char *const prefixes[] = { "ksql.streams.", "ksql." };

	for (unsigned i = 0; i < 2; i++) {
		uint32_t n = (uint32_t)strlen(prefixes[i]);

		if (name.n > n && wr_str_ieq((wr_str){ name.p, n }, wr_str_of(prefixes[i])))
			return (wr_str){ name.p + n, name.n - n };
	}
	return name;
}

static bool is_ignored(wr_str name)
{
	for (unsigned i = 0; i < sizeof(ignored) / sizeof(*ignored); i++) {
		wr_str known = wr_str_of(ignored[i]);

		if (known.p[known.n - 1] == '*') {
			known.n--;
			if (name.n >= known.n && wr_str_ieq((wr_str){ name.p, known.n }, known))
				return true;
		} else if (wr_str_ieq(name, known)) {
			return true;
		}
	}
	return false;
}

int wr_setting_find(wr_str name)
{
	wr_str b = bare(name);

	for (int i = 0; i < WR_SETTING_COUNT; i++)
		if (wr_str_ieq(b, bare(wr_str_of(rows[i].name))))
			return i;
	return is_ignored(b) ? WR_SETTING_COUNT : -1;
}

const wr_setting_row *wr_setting_row_of(wr_setting_id id)
{
	return &rows[id];
}

/* ---- values */

static bool unit_of(wr_str end, wr_setting_kind kind, int64_t *unit)
{
	static const struct {
		const char *name;
		wr_setting_kind kind;
		int64_t unit;
	} units[] = {
		{ "k", WR_SETTING_BYTES, 1 << 10 }, { "kb", WR_SETTING_BYTES, 1 << 10 },
		{ "m", WR_SETTING_BYTES, 1 << 20 }, { "mb", WR_SETTING_BYTES, 1 << 20 },
		{ "g", WR_SETTING_BYTES, 1 << 30 }, { "gb", WR_SETTING_BYTES, 1 << 30 },
		{ "ms", WR_SETTING_MS, 1 },	    { "s", WR_SETTING_MS, 1000 },
		{ "m", WR_SETTING_MS, 60000 },	    { "h", WR_SETTING_MS, 3600000 },
		{ "d", WR_SETTING_MS, 86400000 },
	};

	while (end.n && *end.p == ' ')
		end = (wr_str){ end.p + 1, end.n - 1 };
	for (unsigned i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (units[i].kind == kind && wr_str_ieq(end, wr_str_of(units[i].name))) {
			*unit = units[i].unit;
			return true;
		}
	return false;
}

static bool read_number(wr_str text, wr_setting_kind kind, int64_t *out)
{
	wr_str digits = { text.p, 0 };
	int64_t unit = 1;

	while (digits.n < text.n &&
	       (text.p[digits.n] == '-' || (text.p[digits.n] >= '0' && text.p[digits.n] <= '9')))
		digits.n++;
	if (digits.n < text.n &&
	    !unit_of((wr_str){ text.p + digits.n, text.n - digits.n }, kind, &unit))
		return false;
	return wr_parse_i64(digits, out) && !__builtin_mul_overflow(*out, unit, out);
}

/* The index-th of the choices; p == NULL behind the last. */
static wr_str choice(const char *choices, int64_t index)
{
	const char *end;

	for (; index; index--) {
		choices = strchr(choices, '|');
		if (!choices)
			return (wr_str){ NULL, 0 };
		choices++;
	}
	end = strchr(choices, '|');
	return (wr_str){ choices, (uint32_t)(end ? (size_t)(end - choices) : strlen(choices)) };
}

static wr_status set_number(wr_settings *s, int id, wr_str value, wr_err *err)
{
	const wr_setting_row *r = &rows[id];
	int64_t v;

	if (!read_number(value, r->kind, &v)) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "'%.*s' is no value for %s",
			   WR_STR_ARG(value), r->name);
		return wr_err_hint(
		    err, r->kind == WR_SETTING_BYTES
			     ? "write a number of bytes, such as 1048576 or 16m"
			 : r->kind == WR_SETTING_MS
			     ? "write a number of milliseconds, or one with its unit, such as 5s"
			     : "write a whole number");
	}
	if (v < r->least || v > r->most) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "%s cannot be %lld", r->name,
			   (long long)v);
		if (r->most == INT64_MAX)
			return wr_err_hint(err, "it is at least %lld", (long long)r->least);
		return wr_err_hint(err, "it lies between %lld and %lld", (long long)r->least,
				   (long long)r->most);
	}
	s->value[id] = v;
	return WR_OK;
}

static wr_status set_choice(wr_settings *s, int id, wr_str value, wr_err *err)
{
	const wr_setting_row *r = &rows[id];
	const char *choices = r->kind == WR_SETTING_BOOL ? "false|true" : r->choices;
	wr_str word;

	for (int64_t i = 0; (word = choice(choices, i)).p; i++)
		if (wr_str_ieq(word, value)) {
			s->value[id] = i;
			return WR_OK;
		}
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "'%.*s' is no value for %s",
		   WR_STR_ARG(value), r->name);
	return wr_err_hint(err, "it is one of: %s", choices);
}

static wr_status set_text(wr_settings *s, int id, wr_str value, wr_err *err)
{
	if (value.n > WR_SETTING_TEXT_MAX)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
				  "the value for %s is longer than %d bytes", rows[id].name,
				  WR_SETTING_TEXT_MAX);
	memcpy(s->text[id], value.p ? value.p : "", value.n);
	s->text[id][value.n] = 0;
	s->value[id] = value.n;
	return WR_OK;
}

static wr_status set(wr_settings *s, int id, wr_str value, wr_err *err)
{
	switch (rows[id].kind) {
	case WR_SETTING_INT:
	case WR_SETTING_BYTES:
	case WR_SETTING_MS: return set_number(s, id, value, err);
	case WR_SETTING_BOOL:
	case WR_SETTING_CHOICE: return set_choice(s, id, value, err);
	case WR_SETTING_TEXT: break;
	}
	return set_text(s, id, value, err);
}

static void reset(wr_settings *s, int id)
{
	wr_err err = WR_ERR_INIT;

	if (set(s, id, wr_str_of(rows[id].initial), &err) != WR_OK)
		WR_BUG("%s", err.message);
	s->given[id] = false;
}

void wr_settings_init(wr_settings *s)
{
	memset(s, 0, sizeof(*s));
	for (int i = 0; i < WR_SETTING_COUNT; i++)
		reset(s, i);
}

/* The id; WR_SETTING_COUNT: ignore; -1: err is set. */
static int find(wr_str name, wr_err *err)
{
	wr_near near = wr_near_begin(bare(name));
	int id = wr_setting_find(name);

	if (id >= 0)
		return id;
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "there is no setting named '%.*s'",
		   WR_STR_ARG(name));
	for (int i = 0; i < WR_SETTING_COUNT; i++)
		wr_near_offer(&near, bare(wr_str_of(rows[i].name)));
	if (near.best.p)
		wr_err_hint(err, "did you mean %s?", rows[wr_setting_find(near.best)].name);
	return -1;
}

wr_status wr_settings_set(wr_settings *s, wr_str name, wr_str value, wr_err *err)
{
	wr_str property;

	if (wr_setting_is_kafka(name, &property))
		return wr_settings_set_kafka(s, property, value.p ? value : WR_STR_LIT(""), err);
	int id = find(name, err);

	if (id < 0)
		return WR_FAIL;
	if (id == WR_SETTING_COUNT)
		return WR_OK;
	if (set(s, id, value, err) != WR_OK)
		return WR_FAIL;
	s->given[id] = true;
	return WR_OK;
}

wr_status wr_settings_unset(wr_settings *s, wr_str name, wr_err *err)
{
	wr_str property;

	if (wr_setting_is_kafka(name, &property))
		return wr_settings_set_kafka(s, property, (wr_str){ 0 }, err);
	int id = find(name, err);

	if (id < 0)
		return WR_FAIL;
	if (id < WR_SETTING_COUNT)
		reset(s, id);
	return WR_OK;
}

/* ---- asking */

bool wr_settings_exactly_once(const wr_settings *s)
{
	return s->value[WR_SET_PROCESSING_GUARANTEE] != 1;
}

int64_t wr_setting_int(const wr_settings *s, wr_setting_id id)
{
	if (id == WR_SET_COMMIT_INTERVAL_MS && !s->given[id] && !wr_settings_exactly_once(s))
		return 1000;
	return s->value[id];
}

wr_str wr_setting_text(const wr_settings *s, wr_setting_id id)
{
	if (rows[id].kind == WR_SETTING_CHOICE)
		return choice(rows[id].choices, s->value[id]);
	WR_ASSERT(rows[id].kind == WR_SETTING_TEXT);
	return (wr_str){ s->text[id], (uint32_t)s->value[id] };
}

void wr_setting_print(const wr_settings *s, wr_setting_id id, wr_buf *out)
{
	if (rows[id].kind == WR_SETTING_BOOL)
		wr_buf_puts(out, s->value[id] ? "true" : "false");
	else if (rows[id].kind >= WR_SETTING_CHOICE)
		wr_buf_str(out, wr_setting_text(s, id));
	else
		wr_buf_i64(out, wr_setting_int(s, id));
}
