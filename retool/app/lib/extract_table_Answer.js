const first = {{ extract_table_Query.data }} || {};
const later = {{ extract_table_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
