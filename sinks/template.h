/* Texts with ${column} in them: URLs, addresses, subjects. */
#ifndef SINKS_TEMPLATE_H
#define SINKS_TEMPLATE_H

#include "sinks/props.h"

typedef struct wr_template_part {
	wr_str text;   /* as it stands */
	int32_t field; /* then this field's value; -1: none */
} wr_template_part;

typedef struct wr_template {
	uint32_t n;
	wr_template_part parts[32];
} wr_template;

/* What becomes of values. */
typedef enum wr_template_kind {
	WR_TEMPLATE_URL,  /* percent-encoded */
	WR_TEMPLATE_LINE, /* control characters become spaces */
	WR_TEMPLATE_TEXT, /* as they are */
} wr_template_kind;

/* prop: the property that the text comes from; errors have its span: an unknown column, too
 * many. */
WR_CHECKED wr_status wr_template_read(const wr_sink_spec *spec, const char *prop, wr_str text,
				      const wr_fields *fields, wr_template *out, wr_err *err);
/* NULL gives nothing. */
void wr_template_put(const wr_template *t, wr_template_kind kind, const wr_fields *fields,
		     const wr_batch *b, uint32_t row, wr_buf *out);

#endif
