/*
 * Settings that are Kafka's: how brokers are reached, mostly. `security.protocol`, `sasl.…`,
 * `ssl.…`, and anything that librdkafka knows behind the prefix `kafka.`. They are kept as given
 * and mean what librdkafka's documentation says; io/kafka.h says whether it knows them.
 */
#ifndef CORE_SETTINGS_KAFKA_H
#define CORE_SETTINGS_KAFKA_H

#include "core/settings.h"

/* Whether the setting is one of Kafka's; *property: its name there (part of name). */
bool wr_setting_is_kafka(wr_str name, wr_str *property);
/* Sets a property; value.p NULL takes it away. Errors: STATEMENT, there is no room for so many. */
wr_status wr_settings_set_kafka(wr_settings *s, wr_str property, wr_str value, wr_err *err);
/* All of them: name, value … NULL, in the arena; NULL: there are none. */
const char *const *wr_settings_kafka(const wr_settings *s, wr_arena *a);
/* A password or the like: not to be shown or written down. */
bool wr_kafka_property_is_secret(const char *property);

#endif
