/*
 * What depends on more than the next token. Many words of the language may also be names, so `FROM
 * t EMIT CHANGES` could be a source t with the alias EMIT. One token of look-ahead cannot tell;
 * this pass can, because it has all tokens of the statement. Where a word opens a construct it gets
 * a token of its own, and the grammar stays free of conflicts.
 *
 *   EMIT       before CHANGES or FINAL            -> EMIT_CLAUSE
 *   PARTITION  before BY                          -> PARTITION_CLAUSE
 *   ORDER      before BY                          -> ORDER_CLAUSE
 *   OFFSET     before a number                    -> OFFSET_CLAUSE
 *   ESCAPE     before a string                    -> ESCAPE_CLAUSE
 *   WITH       before anything but (              -> WITH_QUERIES
 *   MAP, STRUCT before (, ARRAY before [ (not behind . or ->) -> MAP_OPEN, STRUCT_OPEN, ARRAY_OPEN
 *   (          before names and ) =>              -> LAMBDA_OPEN
 *   EXPLAIN    before [ANALYZE] one word and ;    -> EXPLAIN_ID
 *   COLUMN     behind ADD and before two words    -> COLUMN_WORD
 *   IF         before [NOT] EXISTS                -> IF_CLAUSE
 */
#include "grammar/lex.h"
#include "grammar/parse.gen.h"

static bool is_word(const wr_token *t)
{
	return t->ident.name.p && t->kind != WR_T_TEXT;
}

static bool ends(const wr_token *t)
{
	return t->kind == ';' || t->kind == 0;
}

/* ( a , b ) => */
static bool opens_lambda(const wr_token *t)
{
	for (t++; is_word(t); t++) {
		t++;
		if (t->kind == ')')
			return t[1].kind == WR_T_ARROW;
		if (t->kind != ',')
			return false;
	}
	return false;
}

/*
 * May a clause follow this token? Then EMIT before an unknown word is a misspelt clause and no
 * name.
 */
static bool ends_clause(const wr_token *t)
{
	return t->kind == WR_T_NAME || t->kind == ')' || t->kind == WR_T_TEXT || t->kind == ']' ||
	       t->kind == WR_T_INTEGER_NUMBER;
}

static bool emits(const wr_tokens *t, uint32_t i)
{
	int next = t->items[i + 1].kind;

	if (next == WR_T_CHANGES || next == WR_T_FINAL)
		return true;
	return next == WR_T_NAME && i > 0 && ends_clause(&t->items[i - 1]);
}

static bool explains_id(const wr_token *t)
{
	if (t[1].kind == WR_T_ANALYZE && is_word(&t[2]))
		t++;
	return is_word(&t[1]) && ends(&t[2]);
}

/* x.array[1], s->array[1] */
static bool is_member(const wr_tokens *t, uint32_t i)
{
	return i > 0 && (t->items[i - 1].kind == '.' || t->items[i - 1].kind == WR_T_DEREF);
}

static int kind_in_context(const wr_tokens *all, uint32_t i)
{
	const wr_token *t = &all->items[i];
	int next = t[1].kind;

	switch (t->kind) {
	case WR_T_EMIT: return emits(all, i) ? WR_T_EMIT_CLAUSE : t->kind;
	case WR_T_PARTITION: return next == WR_T_BY ? WR_T_PARTITION_CLAUSE : t->kind;
	case WR_T_ORDER: return next == WR_T_BY ? WR_T_ORDER_CLAUSE : t->kind;
	case WR_T_OFFSET: return next == WR_T_INTEGER_NUMBER ? WR_T_OFFSET_CLAUSE : t->kind;
	case WR_T_ESCAPE: return next == WR_T_TEXT ? WR_T_ESCAPE_CLAUSE : t->kind;
	case WR_T_WITH: return next == '(' ? t->kind : WR_T_WITH_QUERIES;
	case WR_T_MAP: return next == '(' ? WR_T_MAP_OPEN : t->kind;
	case WR_T_STRUCT: return next == '(' ? WR_T_STRUCT_OPEN : t->kind;
	case WR_T_ARRAY: return next == '[' && !is_member(all, i) ? WR_T_ARRAY_OPEN : t->kind;
	case '(': return opens_lambda(t) ? WR_T_LAMBDA_OPEN : t->kind;
	case WR_T_EXPLAIN: return explains_id(t) ? WR_T_EXPLAIN_ID : t->kind;
	case WR_T_COLUMN:
		return i > 0 && t[-1].kind == WR_T_ADD && is_word(&t[1]) && is_word(&t[2])
			   ? WR_T_COLUMN_WORD
			   : t->kind;
	case WR_T_IF:
		return t[next == WR_T_NOT ? 2 : 1].kind == WR_T_EXISTS ? WR_T_IF_CLAUSE : t->kind;
	default: return t->kind;
	}
}

/*
 * A kind is decided from tokens to the right as flex gave them: from left to right nothing is seen
 * changed.
 */
void wr_lookahead(wr_tokens *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		t->items[i].kind = kind_in_context(t, i);
}
