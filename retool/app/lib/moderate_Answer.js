const first = {{ moderate_Query.data }} || {};
const later = {{ moderate_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
