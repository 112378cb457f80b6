/*
 * The schema that Connect's JsonConverter writes before every payload, read once per schema: how
 * the values of the columns are meant.
 *
 *	{"type":"struct","fields":[{"type":"struct","fields":[
 *		{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"},"field":"total"}, ..],
 *		"field":"after"}, ..]}			total: WR_MEANS_DECIMAL, scale 2
 *
 * A column's field is found as its value is: by the exact name, else by the one whose upper-case
 * form it is.
 */
#include "formats/debezium.h"

#include <jansson.h>
#include <stdlib.h>

struct wr_connect {
	json_t *root;
};

wr_connect *wr_connect_parse(wr_str schema)
{
	json_t *root = json_loadb(schema.p, schema.n, 0, NULL);
	wr_connect *c;

	if (!json_is_array(json_object_get(root, "fields"))) {
		json_decref(root);
		return NULL;
	}
	c = wr_malloc(sizeof(*c));
	c->root = root;
	return c;
}

void wr_connect_free(wr_connect *c)
{
	if (!c)
		return;
	json_decref(c->root);
	free(c);
}

static bool upper_eq(const char *name, wr_str column)
{
	uint32_t i = 0;

	for (; i < column.n && name[i]; i++) {
		char up = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];

		if (up != column.p[i])
			return false;
	}
	return i == column.n && !name[i];
}

static const json_t *find_field(const json_t *type, wr_str name)
{
	const json_t *fields = json_object_get(type, "fields"), *loose = NULL;

	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *f = json_array_get(fields, i);
		const char *z = json_string_value(json_object_get(f, "field"));

		if (z && wr_str_is(name, z))
			return f;
		if (z && upper_eq(z, name))
			loose = f;
	}
	return loose;
}

wr_layout wr_connect_layout(const wr_connect *c)
{
	const json_t *after = find_field(c->root, WR_STR_LIT("after"));

	if (!after) /* op m has neither image */
		after = find_field(c->root, WR_STR_LIT("message"));
	return after && find_field(c->root, WR_STR_LIT("op")) ? WR_LAYOUT_ENVELOPE : WR_LAYOUT_FLAT;
}

static wr_meaning meaning_of(const char *name)
{
	static const struct {
		const char *name;
		wr_meaning meaning;
	} known[] = {
		{ "org.apache.kafka.connect.data.Decimal", WR_MEANS_DECIMAL },
		{ "org.apache.kafka.connect.data.Date", WR_MEANS_DAYS },
		{ "org.apache.kafka.connect.data.Time", WR_MEANS_TIME_MS },
		{ "org.apache.kafka.connect.data.Timestamp", WR_MEANS_INSTANT_MS },
		{ "io.debezium.data.VariableScaleDecimal", WR_MEANS_SCALED },
		{ "io.debezium.time.Date", WR_MEANS_DAYS },
		{ "io.debezium.time.Time", WR_MEANS_TIME_MS },
		{ "io.debezium.time.MicroTime", WR_MEANS_TIME_US },
		{ "io.debezium.time.NanoTime", WR_MEANS_TIME_NS },
		{ "io.debezium.time.Timestamp", WR_MEANS_INSTANT_MS },
		{ "io.debezium.time.MicroTimestamp", WR_MEANS_INSTANT_US },
		{ "io.debezium.time.NanoTimestamp", WR_MEANS_INSTANT_NS },
	};

	for (size_t i = 0; name && i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(name, known[i].name))
			return known[i].meaning;
	return WR_MEANS_PLAIN;
}

static void apply(const json_t *type, wr_jread_slot *s)
{
	const char *scale =
	    json_string_value(json_object_get(json_object_get(type, "parameters"), "scale"));

	s->meaning = (uint8_t)meaning_of(json_string_value(json_object_get(type, "name")));
	s->scale = scale ? (int16_t)atoi(scale) : 0;
	if (s->object) {
		for (uint32_t i = 0; i < s->object->n; i++) {
			const json_t *f = find_field(type, s->object->slots[i].name);

			if (f)
				apply(f, &s->object->slots[i]);
		}
	} else if (s->kids && s->type->tag == WR_ARRAY) {
		apply(json_object_get(type, "items"), &s->kids[0]);
	} else if (s->kids) {
		apply(json_object_get(type, "keys"), &s->kids[0]);
		apply(json_object_get(type, "values"), &s->kids[1]);
	}
}

void wr_connect_apply(const wr_connect *c, const char *member, wr_jread_slot *slots, uint32_t n)
{
	const json_t *row = c->root, *f;

	if (member)
		row = find_field(row, wr_str_of(member));
	for (uint32_t i = 0; row && i < n; i++) {
		f = find_field(row, slots[i].name);
		if (f)
			apply(f, &slots[i]);
	}
}
