const first = {{ report_Query.data }} || {};
const later = {{ report_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
