/*
 * A bag: values of one type in some order, each with a number, in heap memory of their own. The
 * state of every aggregate that keeps values: lists, sets, the n latest, the k greatest, counts by
 * value.
 *
 * A value is kept as bytes: the plain storage of scalars, the text of strings, wr_vec_save of
 * nested ones; so equal bytes are equal values. Bytes are counted in cx->bytes. A bag that is asked
 * wr_bag_find grows an index by hash.
 */
#ifndef FUNCTIONS_AGG_BAG_H
#define FUNCTIONS_AGG_BAG_H

#include "functions/function.h"

typedef struct wr_bag wr_bag;

/*
 * The bytes of a value, for as long as the vector lives and no further wr_bag_key is made. null: p
 * == NULL.
 */
typedef struct wr_bag_key {
	bool null;
	wr_str bytes;
	char own[16];
	wr_buf nested;
} wr_bag_key;

void wr_bag_key_of(const wr_vec *v, uint32_t row, wr_bag_key *key);
void wr_bag_key_done(wr_bag_key *key);

wr_bag *wr_bag_new(const wr_agg_cx *cx);
void wr_bag_free(const wr_agg_cx *cx, wr_bag *b); /* NULL is fine */
uint32_t wr_bag_n(const wr_bag *b);

void wr_bag_insert(const wr_agg_cx *cx, wr_bag *b, uint32_t at, const wr_bag_key *key,
		   int64_t number);
void wr_bag_remove(const wr_agg_cx *cx, wr_bag *b, uint32_t at);
int64_t *wr_bag_number(wr_bag *b, uint32_t at);

/*
 * Position of an equal value, -1: none. find uses the hash index and gives any one, last walks from
 * the end.
 */
int64_t wr_bag_find(wr_bag *b, const wr_bag_key *key);
int64_t wr_bag_find_last(const wr_bag *b, const wr_bag_key *key);

/* Appends value `at` to v, whose type it has; strings are copied into the arena. */
void wr_bag_push(const wr_bag *b, uint32_t at, wr_vec *v, wr_arena *a);
/* Compares a kept value of a scalar type with one in a vector, by value. */
int wr_bag_cmp(const wr_bag *b, uint32_t at, const wr_vec *v, uint32_t row);
/* A key that points to a kept value: to put it into another bag. */
wr_bag_key wr_bag_key_at(const wr_bag *b, uint32_t at);

void wr_bag_save(const wr_bag *b, wr_buf *out);
wr_bag *wr_bag_load(const wr_agg_cx *cx, const char **p, const char *end); /* NULL: damaged */

/* Fixed-width numbers out of saved bytes; false when they end too early. */
bool wr_load_u32(const char **p, const char *end, uint32_t *out);
bool wr_load_u64(const char **p, const char *end, uint64_t *out);

/*
 * Most aggregates with a bag have nothing else: their state is the pointer. These are their
 * members.
 */
uint32_t wr_bag_state_size(const wr_agg_cx *cx);
void wr_bag_state_init(const wr_agg_cx *cx, void *state);
void wr_bag_state_save(const wr_agg_cx *cx, const void *state, wr_buf *out);
bool wr_bag_state_load(const wr_agg_cx *cx, void *state, const char **p, const char *end);
void wr_bag_state_drop(const wr_agg_cx *cx, void *state);
static inline wr_bag *wr_bag_of(const void *state)
{
	return *(wr_bag *const *)state;
}

#endif
