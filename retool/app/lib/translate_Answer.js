const first = {{ translate_Query.data }} || {};
const later = {{ translate_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
