const first = {{ answer_Query.data }} || {};
const later = {{ answer_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
