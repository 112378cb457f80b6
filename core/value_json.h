/*
 * Values as JSON for people and for the REST interface: times as ISO text, DECIMAL plain, BYTES in
 * base64, STRUCT members in schema order. (What goes into topics is formats/'s business.)
 */
#ifndef CORE_VALUE_JSON_H
#define CORE_VALUE_JSON_H

#include "core/vec.h"

void wr_value_json(const wr_vec *v, uint32_t row, wr_buf *out);
/* The same for a cell of a table: texts without quotes, null as nothing at all (false is
 * returned). */
bool wr_value_cell(const wr_vec *v, uint32_t row, wr_buf *out);

#endif
