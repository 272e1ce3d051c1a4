const first = {{ classify_Query.data }} || {};
const later = {{ classify_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
