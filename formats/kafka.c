/*
 * Format KAFKA: one value as Kafka's own serializers write it. INTEGER 4 bytes, BIGINT and DOUBLE 8
 * bytes, all big-endian; STRING its UTF-8, BYTES themselves.
 */
#include "formats/json_read.h"
#include "formats/side.h"

#include <endian.h>

static wr_side_result wrong_length(wr_defect *why, wr_str bytes, const wr_type *type)
{
	return wr_defect_set(why, -1, "%u bytes are no KAFKA %s", bytes.n, wr_tag_name(type->tag));
}

static wr_side_result read_side(wr_side *s, wr_str bytes, uint32_t row, wr_defect *why)
{
	const wr_type *type;
	uint64_t u8 = 0;
	uint32_t u4 = 0;
	wr_vec *v;

	if (s->spec->n == 0 || s->spec->to[0] < 0)
		return WR_SIDE_ROW;
	v = &s->batch->cols[s->spec->to[0]];
	type = v->type;
	if (v->null)
		v->null[row] = 0;
	switch (type->tag) {
	case WR_INTEGER:
		if (bytes.n != 4)
			return wrong_length(why, bytes, type);
		memcpy(&u4, bytes.p, 4);
		((int32_t *)v->data)[row] = (int32_t)be32toh(u4);
		return WR_SIDE_ROW;
	case WR_BIGINT:
	case WR_DOUBLE:
		if (bytes.n != 8)
			return wrong_length(why, bytes, type);
		memcpy(&u8, bytes.p, 8);
		u8 = be64toh(u8);
		memcpy((char *)v->data + (size_t)row * 8, &u8, 8);
		return WR_SIDE_ROW;
	case WR_STRING:
		if (!wr_jread_utf8(bytes.p, bytes.n))
			return wr_defect_set(why, -1, "the text is not UTF-8");
		((wr_str *)v->data)[row] = bytes;
		return WR_SIDE_ROW;
	default: ((wr_str *)v->data)[row] = bytes; return WR_SIDE_ROW;
	}
}

static void bind(wr_side *s, wr_batch *b)
{
	s->batch = b;
}

wr_side *wr_kafka_open(wr_arena *a, const wr_side_spec *spec)
{
	wr_side *s = WR_NEW(a, wr_side);

	*s = (wr_side){ .spec = spec, .bind = bind, .read = read_side };
	return s;
}

void wr_kafka_put(const void *prepared, const wr_side_spec *spec, const wr_batch *b, uint32_t row,
		  wr_buf *out)
{
	const wr_vec *v = &b->cols[spec->to[0]];
	uint32_t at = wr_vec_at(v, row), u4;
	uint64_t u8;

	(void)prepared;
	switch (v->type->tag) {
	case WR_INTEGER:
		u4 = htobe32((uint32_t)((const int32_t *)v->data)[at]);
		wr_buf_put(out, &u4, 4);
		break;
	case WR_BIGINT:
	case WR_DOUBLE:
		memcpy(&u8, (const char *)v->data + (size_t)at * 8, 8);
		u8 = htobe64(u8);
		wr_buf_put(out, &u8, 8);
		break;
	default: wr_buf_str(out, ((const wr_str *)v->data)[at]);
	}
}
