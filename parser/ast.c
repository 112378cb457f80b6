/* The words of the tree's enums. */
#include "parser/ast.h"

const char *wr_unit_name(wr_unit u)
{
	static const char *const names[] = {
#define X(tag, ms) #tag,
		WR_UNITS(X)
#undef X
	};

	return names[u];
}

const char *wr_binary_op_text(wr_binary_op op)
{
	static const char *const texts[] = {
#define X(tag, text) text,
		WR_BINARY_OPS(X)
#undef X
	};

	return texts[op];
}

const char *wr_stmt_kind_text(wr_stmt_kind k)
{
	static const char *const words[] = {
#define X(tag, member, text) text,
		WR_STMTS(X)
#undef X
	};

	return words[k];
}
