/* Values as JSON: what format JSON writes, and what others (HTTP sinks, the server) write alike. */
#ifndef FORMATS_JSON_PUT_H
#define FORMATS_JSON_PUT_H

#include "core/vec.h"

/* Appends a value: null, true, 7, 12.50, 1.0E10, "text", [..], {..}. Compact. */
void wr_json_put_value(const wr_vec *v, uint32_t row, wr_buf *out);
/* Appends a quoted string; UTF-8 goes out as it is. */
void wr_json_put_string(wr_str s, wr_buf *out);

#endif
