/*
 * Signatures: reading and matching.
 *
 * The text is read once per row when the registry is built, by a few lines of recursive descent.
 * Matching walks arguments and parameters side by side and fills the letters: the first argument of
 * a letter decides it, later ones must be the same or, in the second round of the overload choice,
 * may widen it (GREATEST(INTEGER, DOUBLE) makes T a DOUBLE). The literal NULL fits everything and
 * decides nothing; a letter that only met NULL becomes STRING, whose null is as good as any.
 */
#include "functions/signature.h"

#include "functions/coerce.h"

#include <ctype.h>

/* ---- reading */

typedef struct reader {
	wr_arena *a;
	const char *p, *text;
	wr_sig *sig;
} reader;

static bool take(reader *r, const char *word)
{
	size_t n = strlen(word);

	while (*r->p == ' ')
		r->p++;
	if (strncmp(r->p, word, n) != 0 ||
	    (isalpha((unsigned char)word[0]) && isalpha((unsigned char)r->p[n])))
		return false;
	r->p += n;
	return true;
}

static void expect(reader *r, const char *word)
{
	if (!take(r, word))
		WR_BUG("signature \"%s\": %s expected at \"%s\"", r->text, word, r->p);
}

static void read_type(reader *r, wr_sig_type *out);

static void read_kids(reader *r, wr_sig_type *out, uint32_t n, const char *open, const char *close)
{
	out->kids = WR_NEW_ARRAY(r->a, wr_sig_type, n);
	expect(r, open);
	do {
		WR_ASSERT(out->nkids < n);
		read_type(r, &out->kids[out->nkids++]);
	} while (take(r, ","));
	expect(r, close);
}

static bool read_tag(reader *r, wr_sig_type *out)
{
	for (int tag = 0; tag < WR_TAGS; tag++) {
		if (!take(r, wr_tag_name((wr_tag)tag)))
			continue;
		out->kind = WR_SIG_TYPE;
		out->tag = (wr_tag)tag;
		if (tag == WR_ARRAY)
			read_kids(r, out, 1, "<", ">");
		if (tag == WR_MAP)
			read_kids(r, out, 2, "<", ">");
		return true;
	}
	return false;
}

static void read_letter(reader *r, wr_sig_type *out)
{
	while (*r->p == ' ')
		r->p++;
	if (!isupper((unsigned char)r->p[0]) || isalnum((unsigned char)r->p[1]))
		WR_BUG("signature \"%s\": no type at \"%s\"", r->text, r->p);
	out->letter = *r->p++;
	out->kind = out->letter == 'N' || out->letter == 'M' ? WR_SIG_NUMBER : WR_SIG_LETTER;
	r->sig->generic = r->sig->generic || out->kind == WR_SIG_LETTER;
}

static void read_type(reader *r, wr_sig_type *out)
{
	if (take(r, "ANY")) {
		out->kind = WR_SIG_ANY;
		r->sig->generic = true;
	} else if (take(r, "UNIT")) {
		out->kind = WR_SIG_UNIT;
	} else if (take(r, "LAMBDA")) {
		read_kids(r, out, 4, "(", ")");
		out->kind = WR_SIG_LAMBDA;
		out->result = WR_NEW(r->a, wr_sig_type);
		read_type(r, out->result);
	} else if (!read_tag(r, out)) {
		read_letter(r, out);
	}
}

static void read_params(reader *r, wr_sig *s)
{
	enum { MOST = 16 };

	s->params = WR_NEW_ARRAY(r->a, wr_sig_type, MOST);
	do {
		WR_ASSERT(s->n < MOST);
		read_type(r, &s->params[s->n]);
		if (take(r, "..."))
			s->variadic = (int)s->n;
		if (take(r, "?"))
			s->noptional++;
		s->n++;
	} while (take(r, ","));
	if (*r->p)
		WR_BUG("signature \"%s\": what is \"%s\"", r->text, r->p);
}

void wr_sig_read(wr_arena *a, const char *args, const char *result, wr_sig *out)
{
	reader r = { .a = a, .p = args, .text = args, .sig = out };

	*out = (wr_sig){ .variadic = -1 };
	if (strcmp(args, "*") == 0)
		out->star = true;
	else if (args[0])
		read_params(&r, out);
	if (!result)
		return;
	r.p = r.text = result;
	out->result = WR_NEW(a, wr_sig_type);
	read_type(&r, out->result);
}

/* ---- matching */

const wr_sig_type *wr_sig_param(const wr_sig *s, uint32_t i, uint32_t n)
{
	uint32_t v = (uint32_t)s->variadic, repeats;

	if (s->variadic < 0 || i < v)
		return &s->params[i];
	repeats = n - (s->n - 1);
	return i < v + repeats ? &s->params[v] : &s->params[i - repeats + 1];
}

static bool count_fits(const wr_sig *s, uint32_t n)
{
	if (s->variadic >= 0)
		return n + 1 >= s->n - s->noptional;
	return n <= s->n && n + s->noptional >= s->n;
}

typedef struct matcher {
	wr_arena *a;
	bool implicit;
	bool constant; /* the argument that is looked at is a literal */
	wr_sig_match *m;
} matcher;

/* A text literal is read as a time or bytes where such are wanted. */
static bool reads_text(const matcher *x, wr_tag want, const wr_type *t)
{
	return x->implicit && x->constant && t->tag == WR_STRING &&
	       (want == WR_DATE || want == WR_TIME || want == WR_TIMESTAMP);
}

static bool fits_letter(matcher *x, const wr_sig_type *p, const wr_type *t)
{
	const wr_type **at = &x->m->letters[p->letter - 'A'];
	const wr_type *common;

	if (p->kind == WR_SIG_NUMBER && !wr_type_numeric(t))
		return false;
	if (!*at) {
		*at = t;
		return true;
	}
	if (wr_type_eq(*at, t))
		return true;
	if (reads_text(x, (*at)->tag, t)) {
		x->m->cost += 4;
		return true;
	}
	common = x->implicit ? wr_widen_common(x->a, *at, t) : NULL;
	if (!common)
		return false;
	*at = common;
	x->m->cost++;
	return true;
}

static bool fits_type(matcher *x, const wr_sig_type *p, const wr_type *t);

static bool fits_tag(matcher *x, const wr_sig_type *p, const wr_type *t)
{
	int cost;

	if (t->tag == p->tag) {
		for (uint32_t i = 0; i < p->nkids; i++)
			if (!fits_type(x, &p->kids[i], t->kids[i]))
				return false;
		return true;
	}
	if (!x->implicit || wr_tag_nested(p->tag))
		return false;
	if (reads_text(x, p->tag, t)) {
		x->m->cost += 4;
		return true;
	}
	cost = wr_widen_cost(t, p->tag == WR_DECIMAL ? NULL : wr_type_of(p->tag));
	if (cost < 0)
		return false;
	x->m->cost += (uint32_t)cost;
	return true;
}

static bool fits_type(matcher *x, const wr_sig_type *p, const wr_type *t)
{
	switch (p->kind) {
	case WR_SIG_ANY: return true;
	case WR_SIG_TYPE: return fits_tag(x, p, t);
	case WR_SIG_LETTER:
	case WR_SIG_NUMBER: return fits_letter(x, p, t);
	case WR_SIG_UNIT: return t->tag == WR_STRING;
	case WR_SIG_LAMBDA: break;
	}
	return false;
}

static bool fits_arg(matcher *x, const wr_sig_type *p, const wr_fn_arg *arg)
{
	if (p->kind == WR_SIG_LAMBDA || arg->lambda_params)
		return p->kind == WR_SIG_LAMBDA && p->nkids == arg->lambda_params;
	if (p->kind == WR_SIG_UNIT && !arg->constant)
		return false;
	x->constant = arg->constant;
	return !arg->type || fits_type(x, p, arg->type);
}

bool wr_sig_fits(wr_arena *a, const wr_sig *s, const wr_fn_arg *args, uint32_t n, bool implicit,
		 wr_sig_match *out)
{
	matcher x = { .a = a, .implicit = implicit, .m = out };

	*out = (wr_sig_match){ .cost = 0 };
	if (s->star)
		return n == 0;
	if (!count_fits(s, n))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!fits_arg(&x, wr_sig_param(s, i, n), &args[i]))
			return false;
	return true;
}

/*
 * The argument's type says what a signature leaves open: the precision of DECIMAL, the fields of
 * STRUCT.
 */
static const wr_type *resolve_type(wr_arena *a, const wr_sig_type *p, const wr_sig_match *m,
				   const wr_type *arg)
{
	bool same = arg && arg->tag == p->tag;

	switch (p->tag) {
	case WR_DECIMAL:
		return arg && wr_type_numeric(arg) && arg->tag != WR_DOUBLE
			   ? wr_type_as_decimal(a, arg)
			   : wr_type_decimal(a, 38, 0);
	case WR_ARRAY:
		return wr_type_array(a,
				     wr_sig_resolve(a, &p->kids[0], m, same ? arg->kids[0] : NULL));
	case WR_MAP:
		return wr_type_map(a, wr_sig_resolve(a, &p->kids[0], m, same ? arg->kids[0] : NULL),
				   wr_sig_resolve(a, &p->kids[1], m, same ? arg->kids[1] : NULL));
	case WR_STRUCT: return arg;
	default: return wr_type_of(p->tag);
	}
}

const wr_type *wr_sig_resolve(wr_arena *a, const wr_sig_type *p, const wr_sig_match *m,
			      const wr_type *arg)
{
	const wr_type *t = NULL;

	switch (p->kind) {
	case WR_SIG_TYPE: return resolve_type(a, p, m, arg);
	case WR_SIG_LETTER:
	case WR_SIG_NUMBER:
		t = m->letters[p->letter - 'A'];
		if (!t && p->kind == WR_SIG_NUMBER)
			t = wr_type_of(WR_INTEGER);
		break;
	case WR_SIG_ANY: t = arg; break;
	case WR_SIG_UNIT:
	case WR_SIG_LAMBDA: break;
	}
	return t ? t : wr_type_of(WR_STRING);
}
