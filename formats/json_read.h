/*
 * Reading JSON into columns: one pass over a record's bytes that stores the wanted members in
 * vectors and steps over all others.
 *
 * An object is described by a plan (wr_jread_object): which member names are wanted and what
 * becomes of their values (wr_jread_slot). The plan also remembers, per member name it has met,
 * which member came next, so that most names are recognised by one comparison with the bytes that
 * are expected. formats/json_walk.inc says how the pass works and what it checks.
 *
 * Plans hang in an arena that outlives the reader; rows go to the vectors bound to the slots. A row
 * is stored by its number, not appended: storing a row again (a repeated member, a record that
 * turned out bad) writes over what was there. Thread: one at a time; a plan learns while it reads.
 */
#ifndef FORMATS_JSON_READ_H
#define FORMATS_JSON_READ_H

#include "core/vec.h"

typedef struct wr_jread wr_jread;
typedef struct wr_jread_slot wr_jread_slot;
typedef struct wr_jread_object wr_jread_object;

/* A value where it stands: strings without their quotes. */
typedef struct wr_jread_token {
	const char *p;
	uint32_t n;
	char
	    kind; /* '"' string, '0' number, 't' true, 'f' false, 'n' null, '{', '[' with all inside; 0: not there */
	bool escaped; /* a string with backslashes in it */
	bool high;    /* a string with bytes over 127 */
} wr_jread_token;

/*
 * What becomes of a member's value. The scalar kinds take the usual spelling of their type at once
 * and leave all else to leaf().
 */
typedef enum wr_jread_kind {
	WR_JREAD_LEAF, /* leaf() takes the token, whatever it is */
	WR_JREAD_BIGINT,
	WR_JREAD_INTEGER,
	WR_JREAD_STRING,
	WR_JREAD_DECIMAL, /* narrow */
	WR_JREAD_ARRAY,	  /* kids[0] */
	WR_JREAD_MAP,	  /* kids[0], kids[1] */
	WR_JREAD_STRUCT,  /* object, same row */
	/* a column that hook() reads, perhaps by walker->slot with a kind above */
	WR_JREAD_GUARDED,
	WR_JREAD_COLUMNS = WR_JREAD_GUARDED, /* up to here they fill a column */
	WR_JREAD_RAW,			     /* the token is kept in raw */
	/* an image: object, into a row of its own (slot.row); raw.kind tells what stood there */
	WR_JREAD_ROW,
	WR_JREAD_HOOK, /* no column; hook() reads it, whatever it is */
} wr_jread_kind;

/* Stores a value at a row of slot->vec. false: wr_jread_refuse was called. */
typedef bool (*wr_jread_leaf)(wr_jread *r, wr_jread_slot *slot, const wr_jread_token *t,
			      uint32_t row);
/* Reads the value at p, returns what follows it; NULL: refused. */
typedef const char *(*wr_jread_hook)(wr_jread *r, wr_jread_slot *slot, const char *p, uint32_t row);

struct wr_jread_slot {
	wr_jread_kind kind;
	uint32_t seen;	 /* object->gen of the object in which it was met last */
	bool exact;	 /* there, its name was spelt exactly so */
	uint8_t meaning; /* for leaf(): how the writer says it is to be read */
	int16_t scale;	 /* with meaning */
	int32_t column;	 /* of the batch; -1: inside another value, or none */
	wr_vec *vec;	 /* bound by wr_jread_bind */
	wr_jread_leaf leaf;
	wr_jread_hook hook;
	wr_str name;
	const wr_type *type;
	wr_jread_object *object;
	wr_jread_slot *kids;
	uint32_t row;
	wr_jread_token raw;
};

/* A member name that was met, as it was written. */
typedef struct wr_jread_member wr_jread_member;
struct wr_jread_member {
	char quoted[32];  /* with both quotes, zeros behind; the first 32 bytes of it */
	const char *text; /* all n bytes of it */
	uint32_t n;
	uint32_t mask;	     /* a bit per byte of quoted that counts */
	wr_jread_slot *slot; /* NULL: nobody reads it */
	bool exact;
	wr_jread_member *next;	/* the one that followed when it was met last; never NULL */
	wr_jread_member *chain; /* in the table */
};

enum {
	WR_JREAD_BUCKETS = 64,
	WR_JREAD_MEMBERS = 1024, /* more names than these are not remembered */
	WR_JREAD_NAME_MAX = 256, /* nor longer ones */
	WR_JREAD_DEPTH = 2048,	 /* brackets in brackets */
};

struct wr_jread_object {
	wr_arena *arena;
	uint32_t n, wanted; /* wanted: slots with a column, counted by wr_jread_object_ready */
	wr_jread_slot *slots;
	uint32_t gen; /* counts the objects read; slots met in this one have seen == gen */
	uint32_t nmembers;
	wr_jread_member start;	 /* start.next: the first member of the last object */
	wr_jread_member scratch; /* for names that are not remembered */
	wr_jread_member *table[WR_JREAD_BUCKETS];
};

/* The reader of one record after another. */
struct wr_jread {
	const char *start, *end; /* the record, blanks at both ends left out */
	wr_arena *arena;	 /* the batch's: decoded strings */
	const char *at;		 /* where it went wrong */
	char reason[200];
	uint32_t first_row, images; /* WR_JREAD_ROW number i goes to row first_row + i */
	uint32_t
	    placeholder; /* a string of so many bytes always goes to leaf(); UINT32_MAX: no such */
	void *owner;	 /* for hooks and leaves */
};

/*
 * An object plan with n slots, all zero: name, kind and the rest are for the caller to set, who
 * then calls ready.
 */
wr_jread_object *wr_jread_object_new(wr_arena *a, uint32_t n);
void wr_jread_object_ready(wr_jread_object *o);
/*
 * Makes a slot for a value of a type: kind, kids and objects follow from it; what they do not take
 * goes to leaf. The name is that of a column or field, and the one that refusals tell.
 */
void wr_jread_slot_init(wr_arena *a, wr_jread_slot *s, wr_str name, const wr_type *type,
			wr_jread_leaf leaf);
/* Points vec of the slots (and their kids) at a value's vectors. */
void wr_jread_bind(wr_jread_slot *slot, wr_vec *v);

/*
 * A pass over the bytes, in the fastest way this machine has. All return false when the record was
 * refused: r->at and r->reason.
 */
typedef struct wr_jread_walker {
	const char *name;
	/* The whole text is one object, read by o into row. */
	bool (*object)(wr_jread *r, wr_str text, wr_jread_object *o, uint32_t row);
	/* The whole text is one value of any kind. */
	bool (*value)(wr_jread *r, wr_str text, wr_jread_slot *slot, uint32_t row);
	/*
	 * For hooks. At a value: steps over it and tells what it is. Behind an object's brace:
	 * reads it. Both return what follows.
	 */
	const char *(*token)(wr_jread *r, const char *p, wr_jread_token *t);
	const char *(*inside)(wr_jread *r, wr_jread_object *o, const char *p, uint32_t row);
	/* At a value: reads it as the slot says. */
	const char *(*slot)(wr_jread *r, wr_jread_slot *s, const char *p, uint32_t row);
} wr_jread_walker;

extern const wr_jread_walker wr_jread_portable;
/* The best of this machine; the same answers as wr_jread_portable. */
const wr_jread_walker *wr_jread_fastest(void);
/* NULL where the machine or the build has none. */
const wr_jread_walker *wr_jread_avx2(void);
const wr_jread_walker *wr_jread_avx512(void);

/* ---- for the walkers and leaves */

/* Notes the first refusal. Always returns NULL (false). */
void *wr_jread_refuse(wr_jread *r, const char *at, const char *format, ...) WR_PRINTF(3, 4);
/*
 * Finds the member whose name starts at the quote p, n bytes with both quotes; remembers it behind
 * prev.
 */
wr_jread_member *wr_jread_learn(wr_jread *r, wr_jread_object *o, wr_jread_member *prev,
				wr_str quoted);
/* Makes the slots that the object just read did not have NULL at row. */
void wr_jread_fill(wr_jread *r, wr_jread_object *o, uint32_t row);
/* Makes a map's entries from `begin` on unique: of repeated keys the last value stays. */
void wr_jread_unique(wr_jread *r, wr_vec *map, uint32_t begin);
/* Sets a vector's row count, and that of STRUCT kids. */
void wr_jread_set_rows(wr_vec *v, uint32_t n);
/* The kind of a value without quotes or brackets: 't', 'f', 'n' or '0'; 0: it is no JSON. */
char wr_jread_scalar(const char *p, uint32_t n);
/*
 * The text of a string token, escapes decoded into the arena; false: refused (bad UTF-8, half a
 * surrogate pair).
 */
bool wr_jread_string(wr_jread *r, const wr_jread_token *t, wr_str *out);
bool wr_jread_utf8(const char *p, uint32_t n);

/*
 * Any value as text, as the dialect makes a STRING of it: a number's digits, true, an object as
 * compact JSON, an array as [a, b]. Decoded text hangs in the arena.
 */
bool wr_jread_as_text(wr_jread *r, const wr_jread_token *t, wr_str *out);
/* The leaf of the dialect's JSON: LANGUAGE's coercions. Refuses what does not fit. */
bool wr_jread_plain_leaf(wr_jread *r, wr_jread_slot *s, const wr_jread_token *t, uint32_t row);
/* Refuses a value that does not fit the slot's type. */
bool wr_jread_misfit(wr_jread *r, const wr_jread_slot *s, const wr_jread_token *t);
/* An integer out of a number token, fraction cut off; false: out of range. */
bool wr_jread_integer(const wr_jread_token *t, int64_t *out);

#endif
