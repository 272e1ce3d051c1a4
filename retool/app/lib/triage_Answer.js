const first = {{ triage_Query.data }} || {};
const later = {{ triage_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
