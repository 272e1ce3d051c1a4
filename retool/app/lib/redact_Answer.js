const first = {{ redact_Query.data }} || {};
const later = {{ redact_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
