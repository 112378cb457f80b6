/*
 * JSON documents, for everything that is not hot: request bodies, test files, the catalog, schemas.
 * (Records are read by formats/.)
 *
 * Numbers keep the text they were written with: 1.10 is not 1.1 here, and no digit of a large
 * number is lost. A document is a tree of nodes in an arena; strings that needed no unescaping
 * point into the text that was parsed. Nodes may be changed by whoever made them; nothing else
 * knows a node's parent.
 */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include "core/buf.h"

typedef enum wr_json_kind {
	WR_JSON_NULL,
	WR_JSON_FALSE,
	WR_JSON_TRUE,
	WR_JSON_NUMBER,
	WR_JSON_STRING,
	WR_JSON_ARRAY,
	WR_JSON_OBJECT,
} wr_json_kind;

typedef struct wr_json wr_json;
struct wr_json {
	wr_json_kind kind;
	/* NUMBER: as written; STRING: unescaped UTF-8, may hold a zero byte */
	wr_str text;
	wr_str name;	       /* as a member of an object */
	wr_json *first, *last; /* items or members, in order */
	wr_json *next;	       /* the next in the same array or object */
	uint32_t n;	       /* items or members */
};

/*
 * Parses the whole text, RFC 8259, with at most 1,000 levels. NULL on a fault: err gets class DATA,
 * a span in bytes and what was expected. The text must live as long as the nodes.
 */
wr_json *wr_json_parse(wr_arena *a, wr_str text, wr_err *err);
/*
 * The same of a value at the beginning of text; *rest is what stands behind it and its blanks. For
 * lines of many values.
 */
wr_json *wr_json_parse_prefix(wr_arena *a, wr_str text, wr_str *rest, wr_err *err);

/* All of these take NULL as a node and then answer like "not there". */
static inline bool wr_json_is(const wr_json *j, wr_json_kind kind)
{
	return j && j->kind == kind;
}
/* The member of that name: of repeated ones the last. NULL when j is no object or has none. */
wr_json *wr_json_get(const wr_json *j, const char *name);
wr_json *wr_json_get_str(const wr_json *j, wr_str name);
/* Exactly that name first, then without regard to ASCII case. */
wr_json *wr_json_get_nocase(const wr_json *j, wr_str name);
/* The i-th item or member; walks the list. */
wr_json *wr_json_at(const wr_json *j, uint32_t i);
/* A string's text, else `otherwise`. */
wr_str wr_json_string(const wr_json *j, wr_str otherwise);
/* A whole number that fits, else `otherwise`; 1e3 and 1.0 are not whole here. */
int64_t wr_json_int(const wr_json *j, int64_t otherwise);
bool wr_json_bool(const wr_json *j, bool otherwise);

#define WR_JSON_EACH(item, node)                                                                   \
	for (wr_json *item = (node) ? (node)->first : NULL; item; item = item->next)

/* ---- making */

wr_json *wr_json_new(wr_arena *a, wr_json_kind kind);
/* Text is not copied. */
wr_json *wr_json_new_string(wr_arena *a, wr_str text);
wr_json *wr_json_new_int(wr_arena *a, int64_t v);
wr_json *wr_json_new_bool(wr_arena *a, bool v);
/* Appends an item to an array; a member to an object. Returns what was appended. */
wr_json *wr_json_add(wr_json *array, wr_json *item);
wr_json *wr_json_put(wr_json *object, wr_str name, wr_json *member);

/* ---- writing */

/* Compact: no blanks. */
void wr_json_write(const wr_json *j, wr_buf *out);
/* With line breaks and two blanks per level, for people. */
void wr_json_write_pretty(const wr_json *j, wr_buf *out);
/*
 * "text", with escapes for quotes, backslashes and control characters; other bytes as they are.
 * Bytes that are no UTF-8 become U+FFFD.
 */
void wr_json_quote(wr_buf *out, wr_str text);

/* ---- streaming writer: commas by itself. Zero-initialised but for out. */

typedef struct wr_json_out {
	wr_buf *out;
	bool comma; /* something stands before on this level */
} wr_json_out;

void wr_json_open(wr_json_out *w, char bracket);  /* '{' or '[' */
void wr_json_close(wr_json_out *w, char bracket); /* '}' or ']' */
void wr_json_key(wr_json_out *w, const char *name);
void wr_json_key_str(wr_json_out *w, wr_str name);
void wr_json_put_str(wr_json_out *w, wr_str text);
void wr_json_put_z(wr_json_out *w, const char *z); /* NULL: null */
void wr_json_put_int(wr_json_out *w, int64_t v);
void wr_json_put_bool(wr_json_out *w, bool v);
void wr_json_put_null(wr_json_out *w);
void wr_json_put_raw(wr_json_out *w, wr_str json); /* a ready value */
void wr_json_put_printf(wr_json_out *w, const char *format, ...) WR_PRINTF(2, 3); /* a string */

#endif
