const first = {{ summarize_Query.data }} || {};
const later = {{ summarize_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
