const first = {{ answer_with_tools_Query.data }} || {};
const later = {{ answer_with_tools_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
