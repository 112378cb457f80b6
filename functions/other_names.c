#include "functions/other_names.h"

typedef struct other {
	const char *name, *hint;
} other;

static const char *find(const other *list, wr_str name)
{
	for (; list->name; list++)
		if (wr_str_ieq(name, wr_str_of(list->name)))
			return list->hint;
	return NULL;
}

const char *wr_fn_elsewhere(wr_str name)
{
	static const other list[] = {
		{ "UPPER", "it is called UCASE here" },
		{ "LOWER", "it is called LCASE here" },
		{ "LENGTH", "it is called LEN here" },
		{ "CHAR_LENGTH", "it is called LEN here" },
		{ "SUBSTR", "it is called SUBSTRING here" },
		{ "LTRIM", "TRIM takes blanks from both ends" },
		{ "RTRIM", "TRIM takes blanks from both ends" },
		{ "POSITION", "INSTR(text, part) gives where a part stands" },
		{ "STRPOS", "INSTR(text, part) gives where a part stands" },
		{ "LOCATE", "INSTR(text, part) gives where a part stands" },
		{ "CHARINDEX", "INSTR(text, part) gives where a part stands" },
		{ "SPLIT_PART", "SPLIT(text, delimiter)[n] gives the n-th part" },
		{ "REGEXP_MATCHES", "REGEXP_EXTRACT(pattern, text) gives the first match" },
		{ "CEILING", "it is called CEIL here" },
		{ "POW", "it is called POWER here" },
		{ "MOD", "the remainder is written a % b" },
		{ "TRUNCATE", "it is called TRUNC here" },
		{ "RAND", "it is called RANDOM here" },
		{ "IF", "write CASE WHEN condition THEN a ELSE b END" },
		{ "IIF", "write CASE WHEN condition THEN a ELSE b END" },
		{ "DECODE", "write CASE x WHEN a THEN b … END" },
		{ "NVL", "it is called IFNULL here; COALESCE takes more than two" },
		{ "ISNULL", "write x IS NULL, or IFNULL(x, other)" },
		{ "NOW", "UNIX_TIMESTAMP() is now; ROWTIME is the time of the row" },
		{ "CURRENT_TIMESTAMP", "UNIX_TIMESTAMP() is now; ROWTIME is the time of the row" },
		{ "GETDATE", "UNIX_TIMESTAMP() is now; ROWTIME is the time of the row" },
		{ "CURRENT_DATE", "FROM_DAYS(UNIX_DATE()) is today" },
		{ "TODAY", "FROM_DAYS(UNIX_DATE()) is today" },
		{ "TO_DATE",
		  "PARSE_DATE(text, pattern) reads a day, CAST(text AS DATE) an ISO one" },
		{ "TO_TIMESTAMP",
		  "PARSE_TIMESTAMP(text, pattern) reads an instant, CAST(text AS TIMESTAMP) an ISO one" },
		{ "TO_CHAR",
		  "FORMAT_TIMESTAMP, FORMAT_DATE and FORMAT_TIME write times by a pattern" },
		{ "DATE_FORMAT",
		  "FORMAT_TIMESTAMP, FORMAT_DATE and FORMAT_TIME write times by a pattern" },
		{ "STRFTIME",
		  "FORMAT_TIMESTAMP, FORMAT_DATE and FORMAT_TIME write times by a pattern" },
		{ "DATE", "CAST(x AS DATE) makes a day of an instant or a text" },
		{ "YEAR", "FORMAT_TIMESTAMP(x, 'yyyy') gives the year as a text" },
		{ "MONTH", "FORMAT_TIMESTAMP(x, 'M') gives the month as a text" },
		{ "DAY", "FORMAT_TIMESTAMP(x, 'd') gives the day as a text" },
		{ "HOUR", "FORMAT_TIMESTAMP(x, 'H') gives the hour as a text" },
		{ "DATE_TRUNC",
		  "a WINDOW groups rows by spans of time; CAST(x AS DATE) drops the time of day" },
		{ "DATE_ADD",
		  "it is called DATEADD(unit, n, day) here, TIMESTAMPADD for instants" },
		{ "DATE_SUB",
		  "it is called DATESUB(unit, n, day) here, TIMESTAMPSUB for instants" },
		{ "DATEDIFF", "subtract two UNIX_DATE(day), or two UNIX_TIMESTAMP(instant)" },
		{ "FROM_UNIXTIMESTAMP", "FROM_UNIXTIME(ms) makes an instant of milliseconds" },
		{ "CONVERT", "write CAST(x AS type)" },
		{ "TRY_CAST", "CAST gives NULL for a text that cannot be read" },
		{ "STRING_AGG", "ARRAY_JOIN(COLLECT_LIST(x), ',') joins the values of a group" },
		{ "GROUP_CONCAT", "ARRAY_JOIN(COLLECT_LIST(x), ',') joins the values of a group" },
		{ "LISTAGG", "ARRAY_JOIN(COLLECT_LIST(x), ',') joins the values of a group" },
		{ "ARRAY_AGG", "it is called COLLECT_LIST here" },
		{ "FIRST", "EARLIEST_BY_OFFSET(x) gives the first value of a group" },
		{ "FIRST_VALUE", "EARLIEST_BY_OFFSET(x) gives the first value of a group" },
		{ "LAST", "LATEST_BY_OFFSET(x) gives the last value of a group" },
		{ "LAST_VALUE", "LATEST_BY_OFFSET(x) gives the last value of a group" },
		{ "MEAN", "it is called AVG here" },
		{ "STDDEV", "it is called STDDEV_SAMPLE here" },
		{ "APPROX_COUNT_DISTINCT", "it is called COUNT_DISTINCT here" },
		{ "CARDINALITY", "ARRAY_LENGTH(array) counts elements" },
		{ "UNNEST", "it is called EXPLODE here, and stands in the SELECT list" },
		{ "FLATTEN", "EXPLODE(array) in the SELECT list makes a row of each element" },
		{ "ELEMENT_AT", "write array[n], or map['key']" },
		{ "JSON_EXTRACT", "it is called EXTRACTJSONFIELD(text, '$.path') here" },
		{ "JSON_VALUE", "it is called EXTRACTJSONFIELD(text, '$.path') here" },
		{ "GET_JSON_OBJECT", "it is called EXTRACTJSONFIELD(text, '$.path') here" },
		{ NULL, NULL },
	};

	return find(list, name);
}

const char *wr_type_elsewhere(wr_str name)
{
	static const other list[] = {
		{ "TEXT", "it is called STRING here" },
		{ "CHAR", "it is called STRING here" },
		{ "NVARCHAR", "it is called STRING here" },
		{ "UUID", "it is a STRING here" },
		{ "JSON", "it is a STRING here, which EXTRACTJSONFIELD reads; or a STRUCT" },
		{ "JSONB", "it is a STRING here, which EXTRACTJSONFIELD reads; or a STRUCT" },
		{ "BOOL", "it is called BOOLEAN here" },
		{ "LONG", "it is called BIGINT here" },
		{ "INT64", "it is called BIGINT here" },
		{ "INT32", "it is called INTEGER here" },
		{ "SMALLINT", "the smallest is INTEGER" },
		{ "TINYINT", "the smallest is INTEGER" },
		{ "FLOAT", "it is called DOUBLE here" },
		{ "REAL", "it is called DOUBLE here" },
		{ "FLOAT64", "it is called DOUBLE here" },
		{ "NUMBER", "exact numbers are DECIMAL(p, s), others DOUBLE" },
		{ "NUMERIC", "exact numbers are DECIMAL(p, s), others DOUBLE" },
		{ "DATETIME", "it is called TIMESTAMP here" },
		{ "BLOB", "it is called BYTES here" },
		{ "BINARY", "it is called BYTES here" },
		{ "VARBINARY", "it is called BYTES here" },
		{ "ROW", "it is called STRUCT here" },
		{ "RECORD", "it is called STRUCT here" },
		{ "OBJECT", "it is called STRUCT here" },
		{ NULL, NULL },
	};

	return find(list, name);
}
