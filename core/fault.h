/*
 * Fault points: places where tests make the program die or fail. A point is a name at a place that matters:
 *
 *	if (WR_FAULT("epoch.before_apply"))
 *		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "fault on purpose");
 *
 * Compiled to false unless WR_FAULTS is defined. Then the environment says what happens:
 *
 *	WEIR_FAULT="epoch.before_apply:3:crash"     the third pass kills the process (SIGKILL, no clean-up)
 *	WEIR_FAULT="sink.prepare:1:fail"            the first pass answers true; several, parted by commas
 *	WEIR_FAULT_REACHED=file                     at exit, and before a crash, the points passed and how often go there
 *
 * Thread: any.
 */
#ifndef CORE_FAULT_H
#define CORE_FAULT_H

#include <stdbool.h>

#ifdef WR_FAULTS
bool wr_fault(const char *point);
#define WR_FAULT(point) wr_fault(point)
/*
 * For tests in the same process: takes the place of the environment; NULL: nothing happens any
 * more. Counts begin anew.
 */
void wr_fault_set(const char *spec);
/* How often a point was passed. */
unsigned wr_fault_passed(const char *point);
#else
#define WR_FAULT(point) false
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
