/*
 * Fault points: places where tests make the program die or fail. A point is a name at a place that
 * matters, and a row of core/fault_points.h:
 *
 *	if (WR_FAULT_FAIL("epoch.before_apply", err))
 *		return WR_FAIL;
 *
 * Compiled to nothing unless WR_FAULTS is defined. Then the environment says what happens:
 *
 *	WEIR_FAULT="epoch.before_apply:3:crash"     the third pass kills the process (SIGKILL, no clean-up)
 *	WEIR_FAULT="sink.rows:1:fail"               the first pass fails; several, parted by commas
 *	WEIR_FAULT="io.write:20-29:enospc"          ten passes on end; 20- is for ever
 *	WEIR_FAULT_REACHED=file                     at exit, and before a crash, the points passed and how often go there
 *
 * Three points count what happens anywhere in the process, RocksDB and SQLite included: io.write
 * and io.sync (regular files; fault_io.c), and io.alloc, our own allocations. io.write and io.sync
 * know more ways to fail: fail (EIO), enospc, eintr, and short (half of it is written).
 *
 * Thread: any.
 */
#ifndef CORE_FAULT_H
#define CORE_FAULT_H

#include <stdbool.h>

#include "core/err.h"

#ifdef WR_FAULTS
typedef enum wr_fault_way {
	WR_FAULT_NONE,
	WR_FAULT_FAILS = 'f',
	WR_FAULT_CRASHES = 'c', /* never seen by a caller */
	WR_FAULT_NO_SPACE = 'e',
	WR_FAULT_INTERRUPTED = 'i',
	WR_FAULT_SHORT = 's',
} wr_fault_way;

wr_fault_way wr_fault(const char *point);
wr_status wr_fault_fail(const char *point, wr_err *err);
#define WR_FAULT(point)		  (wr_fault(point) != WR_FAULT_NONE)
/* WR_OK, or an IO error that names the point. */
#define WR_FAULT_FAIL(point, err) wr_fault_fail(point, err)
/*
 * For tests in the same process: takes the place of the environment; NULL: nothing happens any
 * more. Counts begin anew.
 */
void wr_fault_set(const char *spec);
/* How often a point was passed. */
unsigned wr_fault_passed(const char *point);
#else
#define WR_FAULT(point)		  false
#define WR_FAULT_FAIL(point, err) ((void)(err), WR_OK)
static inline void wr_fault_set(const char *spec)
{
	(void)spec;
}
static inline unsigned wr_fault_passed(const char *point)
{
	(void)point;
	return 0;
}
#endif

#endif
