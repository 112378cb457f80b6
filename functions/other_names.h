/* What functions and types of other databases are called here: for the hints of errors. */
#ifndef FUNCTIONS_OTHER_NAMES_H
#define FUNCTIONS_OTHER_NAMES_H

#include "core/str.h"

/* A phrase that says what to write for a function of another database; NULL: it is not known. */
const char *wr_fn_elsewhere(wr_str name);
/* The same for a type. */
const char *wr_type_elsewhere(wr_str name);

#endif
