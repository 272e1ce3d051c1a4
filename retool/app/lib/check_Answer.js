const first = {{ check_Query.data }} || {};
const later = {{ check_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
