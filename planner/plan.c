#include "planner/impl.h"

wr_status wr_plan_statement(const wr_plan_cx *cx, const wr_stmt *stmt, wr_plan *out, wr_err *err)
{
	wr_planner p = { .cx = cx, .a = cx->arena, .catalog = cx->catalog, .set = cx->settings };

	p.ksql = wr_str_is(wr_setting_text(cx->settings, WR_SET_DIALECT), "ksql");
	*out = (wr_plan){ .retention_ms = -1, .limit = -1 };
	switch (stmt->kind) {
	case WR_STMT_CREATE_SOURCE:
	case WR_STMT_ASSERT_SOURCE:
		out->if_not_exists = stmt->create_source.if_not_exists;
		out->or_replace = stmt->create_source.or_replace;
		out->name = wr_arena_str(p.a, stmt->create_source.name.name);
		if (stmt->create_source.query)
			return wr_plan_create_as(&p, stmt, out, err);
		return wr_plan_create_source(&p, stmt, out, err);
	case WR_STMT_ALTER: return wr_plan_alter(&p, stmt, out, err);
	case WR_STMT_CREATE_SINK: return wr_plan_create_sink(&p, stmt, out, err);
	case WR_STMT_INSERT_QUERY: return wr_plan_insert_query(&p, stmt, out, err);
	case WR_STMT_INSERT_VALUES:
	case WR_STMT_ASSERT_VALUES:
	case WR_STMT_ASSERT_NULL_VALUES: return wr_plan_insert_values(&p, stmt, out, err);
	case WR_STMT_QUERY: return wr_plan_select(&p, stmt, out, err);
	default: return WR_LATER(err, stmt->span, "%s has no plan", wr_stmt_kind_text(stmt->kind));
	}
}
