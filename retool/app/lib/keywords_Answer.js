const first = {{ keywords_Query.data }} || {};
const later = {{ keywords_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
