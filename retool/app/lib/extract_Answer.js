const first = {{ extract_Query.data }} || {};
const later = {{ extract_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
