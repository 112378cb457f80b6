DEFINE v = 'x'; SELECT ${v}, '${va}', $${v} FROM ${va} -- ${v}
;
