const first = {{ rewrite_Query.data }} || {};
const later = {{ rewrite_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
