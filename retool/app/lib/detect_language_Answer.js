const first = {{ detect_language_Query.data }} || {};
const later = {{ detect_language_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
