const first = {{ restore_Query.data }} || {};
const later = {{ restore_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
