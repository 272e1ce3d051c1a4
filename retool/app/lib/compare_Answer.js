const first = {{ compare_Query.data }} || {};
const later = {{ compare_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
