/*
 * Scalar functions beyond the examples of their rows: nulls, ends, wrong arguments, what Java does. One line a case: the call and its value.
 * FAILED stands for a call that fails on its row (null, and counted).
 */
#include "functions/families.h"
#include "tests/unit/expr_help.h"

#define FAILED "FAILED"

typedef struct expected {
	const char *sql, *value;
} expected;

static void check(const expected *cases)
{
	help *h = help_new();

	for (; cases->sql; cases++) {
		const char *got;

		h->failures = 0;
		got = help_eval(h, cases->sql);
		if (strcmp(cases->value, FAILED) == 0) {
			if (strncmp(got, "error", 5) == 0 || !strstr(got, "NULL") || !h->failures)
				fail_msg("%s gives %s and %d failures, but should fail", cases->sql,
					 got, (int)h->failures);
		} else if (strcmp(got, cases->value) != 0) {
			fail_msg("%s gives %s, not %s", cases->sql, got, cases->value);
		}
	}
	help_free(h);
}

static void bytes(void **state)
{
	(void)state;
	check((const expected[]){
	    { "ENCODE('0x578616d706C6521', 'hex', 'utf8')", "'\x05xample!'" },
	    { "ENCODE('X''4578''', 'hex', 'ascii')", "'Ex'" },
	    { "ENCODE('0x', 'hex', 'base64')", "''" },
	    { "ENCODE('X''', 'hex', 'base64')", FAILED },
	    { "ENCODE('457', 'hex', 'utf8')", FAILED },
	    { "ENCODE('a', 'utf8', 'utf16')", FAILED },
	    { "ENCODE('Ελλ', 'ascii', 'hex')", "'3f3f3f'" },
	    { "ENCODE('c39c62', 'hex', 'ascii')", "'\xef\xbf\xbd\xef\xbf\xbd"
						  "b'" },
	    { "TO_BYTES('0x41', 'hex')", FAILED },
	    { "FROM_BYTES(TO_BYTES('1ab2', 'hex'), 'hex')", "'1AB2'" },
	    { "INT_FROM_BYTES(TO_BYTES('01000000', 'hex'), 'LITTLE_ENDIAN')", "1" },
	    { "INT_FROM_BYTES(TO_BYTES('01', 'hex'))", FAILED },
	    { "INT_FROM_BYTES(TO_BYTES('01000000', 'hex'), 'MIDDLE')", FAILED },
	    { "CHR(-1)", "NULL" },
	    { "CHR(99000)", "'\xf0\x98\x8a\xb8'" },
	    { "CHR('\\ud820\\udeb8')", "'\xf0\x98\x8a\xb8'" },
	    { "CHR('75')", "NULL" },
	    { "CHR('')", "NULL" },
	    { "UUID(TO_BYTES('00', 'hex'))", "NULL" },
	    { "LEN(UUID())", "36" },
	    { "FROM_BYTES(RPAD(TO_BYTES('yes', 'utf8'), 2, TO_BYTES('no', 'utf8')), 'utf8')",
	      "'ye'" },
	    { "LPAD(TO_BYTES('yes', 'utf8'), -1, TO_BYTES('no', 'utf8'))", "NULL" },
	    { NULL, NULL } });
}

static void arrays(void **state)
{
	(void)state;
	check((const expected[]){
	    { "ARRAY_CONTAINS(ARRAY[1, NULL], NULL)", "TRUE" },
	    { "ARRAY_CONTAINS(CAST(NULL AS ARRAY<INTEGER>), 1)", "FALSE" },
	    { "ARRAY_CONCAT(ARRAY[1], CAST(NULL AS ARRAY<INTEGER>))", "ARRAY[1]" },
	    { "ARRAY_DISTINCT(ARRAY[NULL, 1, NULL, 1])", "ARRAY[NULL, 1]" },
	    { "ARRAY_EXCEPT(ARRAY[1, NULL, 1, 2], ARRAY[2])", "ARRAY[1, NULL]" },
	    { "ARRAY_REMOVE(ARRAY[1, NULL], NULL)", "ARRAY[1]" },
	    { "ARRAY_MAX(ARRAY[CAST(NULL AS INTEGER)])", "NULL" },
	    { "ARRAY_SORT(ARRAY['b', NULL, 'a'])", "ARRAY['a', 'b', NULL]" },
	    { "ARRAY_SORT(ARRAY[1, 2], 'sideways')", "NULL" },
	    { "ARRAY_JOIN(ARRAY[1, 2], NULL)", "'12'" },
	    { "SLICE(ARRAY[1, 2, 3], NULL, 2)", "ARRAY[1, 2]" },
	    { "SLICE(ARRAY[1, 2, 3], 3, NULL)", "ARRAY[3]" },
	    { "SLICE(ARRAY[1, 2, 3], 2, 4)", "NULL" },
	    { "SLICE(ARRAY[1, 2, 3], 0, 2)", "NULL" },
	    { NULL, NULL } });
}

static void maps(void **state)
{
	(void)state;
	check((const expected[]){
	    { "AS_MAP(ARRAY['a', 'b', 'a'], ARRAY[1])['b']", "NULL" },
	    { "SPLIT_TO_MAP('a:b/c:d', '&', ':')", "MAP('a' := 'b/c')" },
	    { "SPLIT_TO_MAP('a:b//x/a:d/', '/', ':')", "MAP('a' := 'd')" },
	    { "SPLIT_TO_MAP('a:b', '', ':')", "NULL" },
	    { "SPLIT_TO_MAP('a:b', ':', ':')", "NULL" },
	    { "MAP_UNION(CAST(NULL AS MAP<STRING, INTEGER>), MAP('a' := 1))", "MAP('a' := 1)" },
	    { NULL, NULL } });
}

static void lambdas(void **state)
{
	(void)state;
	check((const expected[]){
	    { "TRANSFORM(ARRAY[5, NULL], x => x + 5)", "NULL" },
	    { "TRANSFORM(ARRAY[5, NULL], x => COALESCE(x, 0) + 5)", "ARRAY[10, 5]" },
	    { "FILTER(ARRAY[5, NULL, 12], x => x > 4)", "ARRAY[5, 12]" },
	    { "TRANSFORM(MAP('a' := 1, 'b' := 2), (k, v) => 'same', (k, v) => v)", "NULL" },
	    { "REDUCE(ARRAY[1, 2], CAST(NULL AS INTEGER), (s, x) => x)", "NULL" },
	    { "REDUCE(CAST(NULL AS ARRAY<INTEGER>), 7, (s, x) => s + x)", "7" },
	    { "TRANSFORM(ARRAY[ARRAY[1, 2], ARRAY[3]], a => REDUCE(a, 0, (s, x) => s + x))",
	      "ARRAY[3, 3]" },
	    { NULL, NULL } });
}

static void regexps(void **state)
{
	help *h = help_new();

	(void)state;
	check((const expected[]){
	    { "REGEXP_EXTRACT('a(b)?', 'a', 1)", "NULL" },
	    { "REGEXP_EXTRACT('a', 'a', 1)", "NULL" },
	    { "REGEXP_EXTRACT('\\u00e9+', 'caf\xc3\xa9\xc3\xa9')", "'\xc3\xa9\xc3\xa9'" },
	    { "REGEXP_EXTRACT_ALL('x', 'abc')", "ARRAY[]" },
	    { "REGEXP_REPLACE('abc', 'x*', '-')", "'-a-b-c-'" },
	    { "REGEXP_REPLACE('abc', '(b)', '[$1\\$]')", "'a[b$]c'" },
	    { "REGEXP_REPLACE('abc', '(?<mid>b)', '<${mid}>')", "'a<b>c'" },
	    { "REGEXP_REPLACE('abc', 'b', '$2')", FAILED },
	    { "TRANSFORM(ARRAY['(', 'a', 'a', '.'], p => REGEXP_REPLACE('ab', p, 'x'))",
	      "ARRAY[NULL, 'xb', 'xb', 'xx']" },
	    { "REGEXP_SPLIT_TO_ARRAY('abc', '')", "ARRAY['a', 'b', 'c']" },
	    { "REGEXP_SPLIT_TO_ARRAY('a,b,', ',')", "ARRAY['a', 'b', '']" },
	    { NULL, NULL } });
	assert_null(help_bind(h, "REGEXP_EXTRACT('(', 'a')"));
	assert_int_equal(h->err.cls, WR_ERR_STATEMENT);
	help_free(h);
}

static void json(void **state)
{
	(void)state;
	check((const expected[]){
	    { "EXTRACTJSONFIELD('{\"a\": \"x\"}}', '$.a')", "'x'" },
	    { "EXTRACTJSONFIELD('{\"@type\": [1, {\"b\": null}]}', '$.@type[1]')",
	      "'{\"b\":null}'" },
	    { "EXTRACTJSONFIELD('{\"a\": 1.10}', '$.a')", "'1.10'" },
	    { "EXTRACTJSONFIELD('{\"a\": 1}', '$.b')", "NULL" },
	    { "EXTRACTJSONFIELD('{\"a\"', '$.a')", FAILED },
	    { "IS_JSON_STRING('')", "FALSE" },
	    { "IS_JSON_STRING(CAST(NULL AS STRING))", "FALSE" },
	    { "JSON_ARRAY_CONTAINS('[1.5, true, \"1\", null]', 1)", "FALSE" },
	    { "JSON_ARRAY_CONTAINS('[1.5, true, \"1\", null]', true)", "TRUE" },
	    { "JSON_ARRAY_CONTAINS('[1.5, true]', 1.5E0)", "TRUE" },
	    { "JSON_ARRAY_LENGTH('{}')", "NULL" },
	    { "JSON_ARRAY_LENGTH('')", "NULL" },
	    { "JSON_CONCAT('[1]', '{\"a\": 1}', '2')", "'[1,{\"a\":1},2]'" },
	    { "JSON_CONCAT('{\"a\": 1, \"b\": 2}', '{\"a\": 3}')", "'{\"a\":3,\"b\":2}'" },
	    { "JSON_CONCAT('1', '')", "NULL" },
	    { "JSON_KEYS('[]')", "NULL" },
	    { "TO_JSON_STRING(CAST(NULL AS STRING))", "'null'" },
	    { "TO_JSON_STRING(CAST('16:43:40' AS TIME))", "'\"16:43:40\"'" },
	    { NULL, NULL } });
}

static void urls(void **state)
{
	(void)state;
	check((const expected[]){
	    { "URL_EXTRACT_HOST('http://a_b.com/')", "NULL" },
	    { "URL_EXTRACT_HOST('http://[::1]:80/')", "'[::1]'" },
	    { "URL_EXTRACT_PORT('http://a.com')", "NULL" },
	    { "URL_EXTRACT_PATH('mailto:a@b.com')", "NULL" },
	    { "URL_EXTRACT_PATH('http://a.com')", "''" },
	    { "URL_EXTRACT_PATH('http://a.com/a b')", FAILED },
	    { "URL_EXTRACT_PROTOCOL('www.a.com')", "NULL" },
	    { "URL_EXTRACT_PARAMETER('http://a.com/?one=a&two=b&three', 'three')", "''" },
	    { "URL_EXTRACT_PARAMETER('http://a.com/?one=a', 'two')", "NULL" },
	    { "URL_EXTRACT_PARAMETER('http://a.com/?a%00b=1&c=2', 'c')", "'2'" },
	    { "URL_DECODE_PARAM('%2')", FAILED },
	    { NULL, NULL } });
}

static void times(void **state)
{
	help *h = help_new();

	(void)state;
	check((const expected[]){
	    { "PARSE_DATE('2003-12-24-01-01', 'yyyy-MM-dd') = CAST('2003-12-24' AS DATE)", "TRUE" },
	    { "STRINGTODATE('2003-12-24-01-01', 'yyyy-MM-dd')", FAILED },
	    { "PARSE_TIMESTAMP('x', 'yyyy')", FAILED },
	    { "PARSE_TIMESTAMP('1970', LCASE('YYYY')) = FROM_UNIXTIME(0)", "TRUE" },
	    { "FORMAT_DATE(FROM_DAYS(0), 'HH')", FAILED },
	    { "TRANSFORM(ARRAY['Nowhere', 'UTC'], z => FORMAT_TIMESTAMP(FROM_UNIXTIME(0), 'HH', "
	      "z))",
	      "ARRAY[NULL, '00']" },
	    { "TRANSFORM(ARRAY['yyyy', 'bbb', 'yy'], f => FORMAT_DATE(FROM_DAYS(0), f))",
	      "ARRAY['1970', NULL, '70']" },
	    { "TIMEADD(MILLISECONDS, -5, CAST('00:00:00.002' AS TIME)) = CAST('23:59:59.997' AS "
	      "TIME)",
	      "TRUE" },
	    { "UNIX_DATE(DATEADD(HOURS, 25, FROM_DAYS(1)))", "2" },
	    { "UNIX_TIMESTAMP(TIMESTAMPSUB(MONTHS, 1, CAST('1970-03-31' AS TIMESTAMP)))",
	      "5011200000" },
	    { "UNIX_TIMESTAMP() > 1000000000000", "TRUE" },
	    { "UNIX_DATE() > 10000", "TRUE" },
	    { NULL, NULL } });
	assert_null(help_bind(h, "TIMEADD(MONTHS, 1, CAST('00:00' AS TIME))"));
	assert_null(help_bind(h, "PARSE_DATE('1', 'bbb')"));
	assert_null(help_bind(h, "FORMAT_TIMESTAMP(FROM_UNIXTIME(0), 'HH', 'Nowhere/Land')"));
	help_free(h);
}

static void masks(void **state)
{
	(void)state;
	check((const expected[]){ { "MASK(CAST(NULL AS STRING))", "NULL" },
				  { "MASK('Aa1-', NULL, NULL, NULL, NULL)", "'Aa1-'" },
				  { "MASK('\xc3\x84\xc3\xa4')", "'Xx'" },
				  { "MASK('\xf0\x9f\x8e\xb5')", "'--'" },
				  { "MASK_LEFT('abc', 10)", "'xxx'" },
				  { "MASK_KEEP_RIGHT('abc', 0)", "'xxx'" },
				  { "MASK_RIGHT('abc', -1)", FAILED },
				  { NULL, NULL } });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),   cmocka_unit_test(arrays),  cmocka_unit_test(maps),
		cmocka_unit_test(lambdas), cmocka_unit_test(regexps), cmocka_unit_test(json),
		cmocka_unit_test(urls),	   cmocka_unit_test(times),   cmocka_unit_test(masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
