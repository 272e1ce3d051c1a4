const first = {{ normalize_Query.data }} || {};
const later = {{ normalize_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
